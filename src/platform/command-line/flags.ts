// Flags and how their values are read: the forms and the complaints that scripts know from Kuma's tools.
import { parseDuration } from "../duration.ts";

/** A `stringArray` takes each value whole; in `strings` commas divide. A `port` is never 0. */
export type FlagType = "string" | "int" | "uint" | "uint16" | "port" | "ports" | "bool" | "duration" | "strings" | "stringArray" | "map";

export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly type: FlagType;
  readonly help: string;
  /** What counts when the flag is absent, in the form a user would write. */
  readonly fallback?: string;
  /** The help says the default in other words. */
  readonly hidesFallback?: boolean;
  readonly required?: boolean;
  /** Stands for the value in the help, instead of the type. */
  readonly valueName?: string;
  /** Accepted, but not shown in the help. */
  readonly hidden?: boolean;
  /** What to use instead: not shown in the help, and said on stderr when it is given. */
  readonly deprecated?: string;
}

/** A complaint about the command line: the usage is shown with it. */
export class UsageError extends Error {}

export type FlagValue = string | number | boolean | readonly string[] | ReadonlyMap<string, string>;

/** The flags of one call, read once; a wrong name or type is a mistake of ours. */
export interface FlagValues {
  has(name: string): boolean;
  text(name: string): string;
  number(name: string): number;
  isSet(name: string): boolean;
  list(name: string): readonly string[];
  map(name: string): ReadonlyMap<string, string>;
}

export function flagValues(declared: readonly Flag[], given: ReadonlyMap<string, FlagValue>): FlagValues {
  const types = new Map(declared.map((flag) => [flag.name, flag]));
  const read = (name: string): FlagValue => {
    const flag = types.get(name);
    if (!flag) throw new TypeError(`no such flag: ${name}`);
    return given.get(name) ?? absent(flag);
  };
  const wrong = (name: string): never => {
    throw new TypeError(`the flag ${name} has another type`);
  };
  return {
    has: (name) => given.has(name),
    text: (name) => ((value) => (typeof value === "string" ? value : wrong(name)))(read(name)),
    number: (name) => ((value) => (typeof value === "number" ? value : wrong(name)))(read(name)),
    isSet: (name) => read(name) === true,
    list: (name) => ((value) => (Array.isArray(value) ? (value as readonly string[]) : wrong(name)))(read(name)),
    map: (name) => ((value) => (value instanceof Map ? (value as ReadonlyMap<string, string>) : wrong(name)))(read(name)),
  };
}

function absent(flag: Flag): FlagValue {
  if (flag.fallback !== undefined) return readFlag(flag, flag.fallback, undefined);
  switch (flag.type) {
    case "bool":
      return false;
    case "int":
    case "uint":
    case "uint16":
    case "port":
    case "duration":
      return 0;
    case "strings":
    case "stringArray":
    case "ports":
      return [];
    case "map":
      return new Map();
    default:
      return "";
  }
}

/** Durations in milliseconds. `before` is what the flag's earlier occurrences gave: lists and maps grow. */
export function readFlag(flag: Flag, text: string, before: FlagValue | undefined): FlagValue {
  const refuse = (reason: string): never => {
    const shown = flag.short ? `-${flag.short}, --${flag.name}` : `--${flag.name}`;
    throw new UsageError(`invalid argument "${text}" for "${shown}" flag: ${reason}`);
  };
  switch (flag.type) {
    case "string":
      return text;
    case "bool":
      return readBoolean(text) ?? refuse(`strconv.ParseBool: parsing "${text}": invalid syntax`);
    case "int":
      return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : refuse(`strconv.ParseInt: parsing "${text}": invalid syntax`);
    case "uint":
    case "uint16": {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : refuse(`strconv.ParseUint: parsing "${text}": invalid syntax`);
      return flag.type === "uint" || value <= 65_535 ? value : refuse(`strconv.ParseUint: parsing "${text}": value out of range`);
    }
    case "port":
      return readPort(text) ?? refuse(notAPort(text));
    case "ports":
      return splitCsv(text).map((it) => String(readPort(it) ?? refuse(notAPort(it))));
    case "duration":
      return parseDuration(text) ?? refuse(`time: ${/\d$/.test(text) ? "missing unit in" : "invalid"} duration "${text}"`);
    case "stringArray":
      return [...(Array.isArray(before) ? (before as readonly string[]) : []), text];
    case "strings":
      return [...(Array.isArray(before) ? (before as readonly string[]) : []), ...(text === "" ? [] : splitCsv(text))];
    case "map": {
      const pairs = text === "" ? [] : text.split("=").length === 2 && !text.startsWith('"') ? [text] : splitCsv(text);
      const map = new Map(before instanceof Map ? (before as ReadonlyMap<string, string>) : []);
      for (const pair of pairs) {
        const at = pair.indexOf("=");
        if (at < 0) refuse(`${pair} must be formatted as key=value`);
        map.set(pair.slice(0, at), pair.slice(at + 1));
      }
      return map;
    }
  }
}

const readPort = (text: string): number | undefined => (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? Number(text) : undefined);
const notAPort = (text: string): string => `value '${text}' is not a valid port (uint16 in the range [1, 65535])`;

export function readBoolean(text: string): boolean | undefined {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  return ["0", "f", "F", "false", "FALSE", "False"].includes(text) ? false : undefined;
}

/** One line of comma separated values; a value in double quotes may hold commas. */
export function splitCsv(line: string): string[] {
  const values = line.matchAll(/"((?:[^"]|"")*)"(?:,|$)|([^,]*)(?:,|$)/g);
  const all = Array.from(values, ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "");
  // The end of the line matches once more, unless it ends with a comma.
  return line.endsWith(",") ? all : all.slice(0, -1);
}
