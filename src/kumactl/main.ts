// The program kumactl: the words of the command line decide which part of it is loaded.
import { completionCommand, runCommandLine, type CommandSpec } from "#platform/command-line";
import type { World } from "./program.ts";
import { openSession, sharedFlags, type Session } from "./session.ts";

/** All commands; those with `load` are known by what the list of commands shows until they are wanted. */
export function commandTree(session: Session): CommandSpec {
  const root: CommandSpec = {
    name: "kumactl",
    summary: "Manages a service mesh through its control plane",
    sharedFlags,
    before: (flags) => session.begin(flags),
    commands: [
      { name: "apply", summary: "Create or change resources", load: async () => (await import("./documents/apply.ts")).applyCommand(session) },
      completionCommand(() => root, session.world.out),
      { name: "config", summary: "Say which control planes there are and which one to use", load: async () => (await import("./config/commands.ts")).configCommand(session) },
      { name: "delete", summary: "Delete a resource", load: async () => (await import("./documents/delete.ts")).deleteCommand(session) },
      { name: "export", summary: "Print the resources of a control plane, to be applied to another", load: async () => (await import("./export/command.ts")).exportCommand(session) },
      { name: "generate", summary: "Generate tokens, keys and certificates", load: async () => (await import("./generate/commands.ts")).generateCommand(session) },
      { name: "get", summary: "Show resources", load: async () => (await import("./documents/get.ts")).getCommand(session) },
      { name: "inspect", summary: "Show resources together with their state", load: async () => (await import("./inspect/commands.ts")).inspectCommand(session) },
      { name: "install", summary: "Install parts of the mesh", load: async () => (await import("./install/commands.ts")).installCommand() },
      { name: "uninstall", summary: "Take away what was installed", load: async () => (await import("./install/commands.ts")).uninstallCommand() },
      { name: "version", summary: "Print the versions of this program and of the control plane", load: async () => (await import("./version.ts")).versionCommand(session) },
    ],
  };
  return root;
}

/** Returns the exit code. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  const session = openSession(world);
  try {
    return await runCommandLine(commandTree(session), argv, world);
  } finally {
    session.end();
  }
}
