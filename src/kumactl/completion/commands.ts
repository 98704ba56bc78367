// `kumactl completion`: a script for one's shell.
import { loadAll, type CommandSpec } from "#platform/command-line";
import type { Session } from "../session.ts";
import { completionScript } from "./scripts.ts";

export function completionCommand({ world }: Session, root: () => CommandSpec): CommandSpec {
  return {
    name: "completion",
    summary: "Print a completion script for a shell",
    commands: ["bash", "fish", "zsh"].map((shell) => ({
      name: shell,
      summary: `Print the completion script for ${shell}`,
      run: async () => world.out(completionScript(shell, await loadAll(root()))),
    })),
  };
}
