// `kumactl inspect` (placeholder until its parts are there).
import type { CommandSpec } from "../cli/command.ts";
import type { Session } from "../session.ts";
export function inspectCommand(session: Session): CommandSpec {
  void session;
  return { name: "inspect", summary: "Show resources together with their state" };
}
