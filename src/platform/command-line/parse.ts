// The words behind a command's name, read as flags and arguments: `--name value`, `--name=value`, `-n value`, `-n=value`, `-nvalue`, `-abc`.
import { readFlag, UsageError, type Flag, type FlagValue } from "./flags.ts";

export interface Parsed {
  readonly given: ReadonlyMap<string, FlagValue>;
  readonly args: readonly string[];
  /** Lines about flags that should no longer be used. */
  readonly notices: readonly string[];
}

export function parseWords(words: readonly string[], known: readonly Flag[]): Parsed {
  const given = new Map<string, FlagValue>();
  const args: string[] = [];
  const notices: string[] = [];
  const rest = [...words];
  const set = (flag: Flag, text: string): void => {
    given.set(flag.name, readFlag(flag, text, given.get(flag.name)));
    if (flag.deprecated) notices.push(`Flag --${flag.name} has been deprecated, ${flag.deprecated}`);
  };
  const value = (flag: Flag, shown: string): string => {
    const next = rest.shift();
    if (next === undefined) throw new UsageError(`flag needs an argument: ${shown}`);
    return flag.type === "bool" ? "true" : next;
  };

  const long = (word: string): void => {
    const [name = "", ...after] = word.slice(2).split("=");
    if (name === "" || name.startsWith("-")) throw new UsageError(`bad flag syntax: ${word}`);
    const flag = known.find((it) => it.name === name);
    if (!flag) throw new UsageError(`unknown flag: --${name}`);
    if (word.includes("=")) set(flag, after.join("="));
    else set(flag, flag.type === "bool" ? "true" : value(flag, word));
  };

  const short = (word: string): void => {
    for (let at = 1; at < word.length; at++) {
      const letter = word.charAt(at);
      const flag = known.find((it) => it.short === letter);
      if (!flag) throw new UsageError(`unknown shorthand flag: '${letter}' in -${word.slice(at)}`);
      if (word.charAt(at + 1) === "=" && word.length > at + 2) return set(flag, word.slice(at + 2));
      if (flag.type === "bool") set(flag, "true");
      else return set(flag, at + 1 < word.length ? word.slice(at + 1) : value(flag, `'${letter}' in -${word.slice(at)}`));
    }
  };

  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      args.push(...rest);
      break;
    }
    if (word.startsWith("--")) long(word);
    else if (word.startsWith("-") && word.length > 1) short(word);
    else args.push(word);
  }
  return { given, args, notices };
}
