// The program kumactl: the first word of the command line decides which part of it is loaded.
import { runCommandLine, type CommandSpec } from "./cli/command.ts";
import { laterCommands } from "./later.ts";
import type { World } from "./program.ts";
import { openSession, sharedFlags, type Session } from "./session.ts";

interface Part {
  readonly name: string;
  readonly summary: string;
  readonly load: (session: Session) => Promise<CommandSpec>;
}

const parts: readonly Part[] = [
  { name: "apply", summary: "Create or change resources", load: async (session) => (await import("./documents/apply.ts")).applyCommand(session) },
  { name: "config", summary: "Say which control planes there are and which one to use", load: async (session) => (await import("./config/commands.ts")).configCommand(session) },
  { name: "delete", summary: "Delete a resource", load: async (session) => (await import("./documents/delete.ts")).deleteCommand(session) },
  { name: "generate", summary: "Generate tokens, keys and certificates", load: async (session) => (await import("./generate/commands.ts")).generateCommand(session) },
  { name: "get", summary: "Show resources", load: async (session) => (await import("./documents/get.ts")).getCommand(session) },
  { name: "inspect", summary: "Show resources together with their state", load: async (session) => (await import("./inspect/commands.ts")).inspectCommand(session) },
  { name: "version", summary: "Print the versions of this program and of the control plane", load: async (session) => (await import("./version.ts")).versionCommand(session) },
];

/** Returns the exit code. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  const session = openSession(world);
  const isWanted = (name: string) => argv.includes(name) || argv.includes("completion");
  const loaded = await Promise.all(parts.map(async ({ name, summary, load }): Promise<CommandSpec> => (isWanted(name) ? load(session) : { name, summary })));
  const completion: CommandSpec = {
    name: "completion", summary: "Print a completion script for bash, zsh or fish",
    commands: ["bash", "fish", "zsh"].map((shell) => ({
      name: shell, summary: `Print the completion script for ${shell}`,
      run: async () => {
        const { completionScript } = await import("./completion.ts");
        world.out(completionScript(shell, root));
      },
    })),
  };
  const root: CommandSpec = {
    name: "kumactl", summary: "kumactl manages a service mesh through its control plane", sharedFlags,
    commands: [...loaded, completion, ...laterCommands],
  };
  // `help x y` is `x y --help`.
  const words = argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
  try {
    return await runCommandLine(root, words, { out: world.out, err: world.err, before: (flags) => session.begin(flags) });
  } finally {
    session.end();
  }
}
