// The command `completion` of every program: a script for one's shell.
import { loadAll, type CommandSpec } from "./command.ts";

export function completionCommand(root: () => CommandSpec, out: (text: string) => void): CommandSpec {
  return {
    name: "completion",
    summary: "Print a completion script for a shell",
    commands: ["bash", "fish", "zsh"].map((shell) => ({
      name: shell,
      summary: `Print the completion script for ${shell}`,
      argumentCount: 0,
      async run() {
        const { completionScript } = await import("./scripts.ts");
        out(completionScript(shell, await loadAll(root())));
      },
    })),
  };
}
