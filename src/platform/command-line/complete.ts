// What may stand next on a command line: asked for by the completion scripts that Kuma's own tools made for people's shells.
import { inheritedFlags, ownFlags, type CommandSpec, type Place } from "./command.ts";
import { findCommand, firstArgument } from "./find.ts";
import { readFlag, type Flag } from "./flags.ts";

/** One line each, a tab before the help; then what the shell may add by itself. */
export interface Completion {
  readonly lines: readonly string[];
  readonly directive: "ShellCompDirectiveDefault" | "ShellCompDirectiveNoFileComp";
}

const nothing: Completion = { lines: [], directive: "ShellCompDirectiveDefault" };

/** The last word is the one that is being written. */
export async function complete(root: CommandSpec, argv: readonly string[]): Promise<Completion> {
  const word = argv.at(-1) ?? "";
  const { place, words } = await findCommand(root, argv.slice(0, -1));
  const known: readonly Flag[] = [...inheritedFlags(place), ...ownFlags(place)];
  const before = given(words, known);
  if (!before || before.misses) return nothing;
  const required = flagLines(known.filter((it) => it.required && !before.names.has(it.name)), word);
  if (word.startsWith("-")) {
    if (word.includes("=")) return nothing;
    const free = (flags: readonly Flag[]) => flags.filter((it) => !before.names.has(it.name) || it.type === "strings" || it.type === "map");
    const lines = required.length > 0 ? required : [...flagLines(free(inheritedFlags(place)), word), ...flagLines(free(ownFlags(place)), word)];
    return { lines, directive: "ShellCompDirectiveNoFileComp" };
  }
  const hasArgument = firstArgument(words, known) !== undefined;
  const commands = hasArgument ? [] : commandLines(place, word);
  return commands.length > 0 ? { lines: [...commands, ...required], directive: "ShellCompDirectiveNoFileComp" } : { ...nothing, lines: required };
}

const commandLines = ({ spec }: Place, word: string): string[] =>
  (spec.commands ?? []).filter((it) => !it.hidden && it.name.startsWith(word)).toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((it) => `${it.name}\t${it.summary}`);

function flagLines(flags: readonly Flag[], word: string): string[] {
  const shown = flags.filter((it) => !it.hidden && !it.deprecated).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return shown.flatMap((it) => [`--${it.name}`, ...(it.short ? [`-${it.short}`] : [])].filter((name) => name.startsWith(word)).map((name) => `${name}\t${it.help}`));
}

/** The flags so far, and whether the last of them still waits for its value; undefined when one is unknown or wrong. */
function given(words: readonly string[], known: readonly Flag[]): { readonly names: ReadonlySet<string>; readonly misses: boolean } | undefined {
  const names = new Set<string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-") || word === "-") continue;
    const [name = "", ...after] = word.replace(/^--?/, "").split("=");
    const flag = known.find((it) => (word.startsWith("--") ? it.name === name : it.short === name.charAt(0)));
    if (!flag) return undefined;
    names.add(flag.name);
    const isWhole = flag.type === "bool" || after.length > 0 || (!word.startsWith("--") && name.length > 1);
    if (isWhole) continue;
    at++;
    const value = words[at];
    if (value === undefined) return { names, misses: true };
    try {
      readFlag(flag, value, undefined);
    } catch {
      return undefined;
    }
  }
  return { names, misses: false };
}
