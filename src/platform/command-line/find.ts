// Which command the words of a command line name. Flags may stand before, between and behind the names.
import { inheritedFlags, ownFlags, type CommandSpec, type Place } from "./command.ts";
import type { Flag } from "./flags.ts";

export interface Found {
  readonly place: Place;
  /** What is left when the names of commands are taken away: flags and arguments. */
  readonly words: readonly string[];
}

/** Loads only what lies on the way. */
export async function findCommand(root: CommandSpec, argv: readonly string[]): Promise<Found> {
  let place: Place = { spec: await whole(root), path: root.name, above: [] };
  let words = argv;
  for (;;) {
    const known = [...inheritedFlags(place), ...ownFlags(place)];
    const at = firstArgument(words, known);
    const next = at === undefined ? undefined : place.spec.commands?.find((it) => it.name === words[at] || it.aliases?.includes(words[at] ?? ""));
    if (at === undefined || !next) return { place, words };
    const spec = await whole(next);
    place = { spec, path: `${place.path} ${spec.name}`, above: [...place.above, place.spec] };
    words = words.toSpliced(at, 1);
  }
}

const whole = async (spec: CommandSpec): Promise<CommandSpec> => (spec.load ? spec.load() : spec);

/** Where the first word stands that is neither a flag nor the value of one. A flag that nobody knows is taken to have a value. */
export function firstArgument(words: readonly string[], known: readonly Flag[]): number | undefined {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") return undefined;
    if (word !== "" && !word.startsWith("-")) return at;
    if (takesNextWord(word, known)) at++;
  }
  return undefined;
}

function takesNextWord(word: string, known: readonly Flag[]): boolean {
  if (word.includes("=")) return false;
  if (word.startsWith("--")) return known.find((it) => it.name === word.slice(2))?.type !== "bool";
  return word.length === 2 && known.find((it) => it.short === word.slice(1))?.type !== "bool";
}
