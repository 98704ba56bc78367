// One configuration key: its variable, its default and how text becomes its value. Everything else about configuration derives from these.
import { parseDuration } from "#platform";

export type KeyType = "text" | "bool" | "int" | "duration" | "list" | "map" | "keys";

/** A value that cannot be read; the loader adds the key's path. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

export interface Key<T> {
  readonly type: KeyType;
  /** Environment variables, the usual one first; none for keys that only a file can set. */
  readonly env: readonly string[];
  readonly fallback: T;
  readonly note: string;
  fromText(text: string): Parsed<T>;
  fromYaml(value: unknown): Parsed<T>;
}

type Env = string | readonly string[];
const names = (env: Env): readonly string[] => (typeof env === "string" ? [env].filter(Boolean) : env);

export function text(env: Env, fallback: string, note = ""): Key<string> {
  return {
    type: "text", env: names(env), fallback, note,
    fromText: (value) => ({ value }),
    fromYaml: (value) => (typeof value === "string" ? { value } : value === null ? { value: "" } : { problem: `expected text, got ${describe(value)}` }),
  };
}

const truths: ReadonlyMap<string, boolean> = new Map([...["1", "t", "T", "true", "TRUE", "True"].map((it) => [it, true] as const), ...["0", "f", "F", "false", "FALSE", "False"].map((it) => [it, false] as const)]);

export function bool(env: Env, fallback: boolean, note = ""): Key<boolean> {
  return {
    type: "bool", env: names(env), fallback, note,
    fromText(value) {
      const truth = truths.get(value);
      return truth === undefined ? { problem: `"${value}" is not true or false` } : { value: truth };
    },
    fromYaml: (value) => (typeof value === "boolean" ? { value } : { problem: `expected true or false, got ${describe(value)}` }),
  };
}

export function int(env: Env, fallback: number, note = ""): Key<number> {
  return {
    type: "int", env: names(env), fallback, note,
    fromText: (value) => (/^[+-]?\d+$/.test(value) ? { value: Number(value) } : { problem: `"${value}" is not a whole number` }),
    fromYaml: (value) => (typeof value === "number" && Number.isInteger(value) ? { value } : { problem: `expected a whole number, got ${describe(value)}` }),
  };
}

/** The value is in milliseconds; text is a Go duration, a number in a file counts nanoseconds (spec/security.md 1.1). */
export function duration(env: Env, fallback: string, note = ""): Key<number> {
  const fromText = (value: string): Parsed<number> => {
    const ms = parseDuration(value);
    return ms === undefined ? { problem: `"${value}" is not a duration such as 10s or 1h30m` } : { value: ms };
  };
  return {
    type: "duration", env: names(env), fallback: parseDuration(fallback) ?? 0, note, fromText,
    fromYaml: (value) => (typeof value === "number" ? { value: value / 1e6 } : typeof value === "string" ? fromText(value) : { problem: `expected a duration, got ${describe(value)}` }),
  };
}

export function list(env: Env, fallback: readonly string[], note = ""): Key<readonly string[]> {
  return {
    type: "list", env: names(env), fallback, note,
    fromText: (value) => ({ value: value === "" ? [] : value.split(",").map((it) => it.trim()) }),
    fromYaml: (value) =>
      value === null ? { value: [] } : Array.isArray(value) && value.every((it) => typeof it === "string") ? { value } : { problem: `expected a list of texts, got ${describe(value)}` },
  };
}

export function map(env: Env, fallback: Readonly<Record<string, string>>, note = ""): Key<Readonly<Record<string, string>>> {
  return {
    type: "map", env: names(env), fallback, note,
    fromText(value) {
      const pairs = value.split(",").filter(Boolean).map((pair) => pair.split(/:(.*)/s));
      if (pairs.some((pair) => pair.length < 2)) return { problem: `"${value}" is not a list of key:value pairs` };
      return { value: Object.fromEntries(pairs.map(([key = "", its = ""]) => [key, its])) };
    },
    fromYaml: (value) =>
      typeof value === "object" && value !== null && Object.values(value).every((it) => typeof it === "string") ? { value: value as Record<string, string> } : { problem: `expected a map of texts, got ${describe(value)}` },
  };
}

/** A public key that tokens may be signed with. */
export interface PublicKeyEntry {
  readonly kid: string;
  readonly key?: string;
  readonly keyFile?: string;
  readonly mesh?: string;
}

/** Public keys of tokens; only a file can set them (spec/security.md 2.1 has the messages). */
export function publicKeys(note = ""): Key<readonly PublicKeyEntry[]> {
  return {
    type: "keys", env: [], fallback: [], note,
    fromText: () => ({ problem: "can only be set in a file" }),
    fromYaml(value) {
      if (value === null) return { value: [] };
      if (!Array.isArray(value)) return { problem: `expected a list of public keys, got ${describe(value)}` };
      const problem = value.map(publicKeyProblem).find(Boolean);
      return problem ? { problem } : { value: value as PublicKeyEntry[] };
    },
  };
}

function publicKeyProblem(entry: unknown, index: number): string | undefined {
  const { kid, key, keyFile } = (typeof entry === "object" && entry !== null ? entry : {}) as Record<string, unknown>;
  if (typeof kid !== "string" || kid === "") return `[${index}]: .KID is required`;
  if (!key && !keyFile) return `[${index}]: either .KeyFile or .Key has to be defined`;
  if (key && keyFile) return `[${index}]: both .KeyFile or .Key cannot be defined`;
  return undefined;
}

function describe(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a section";
  return JSON.stringify(value);
}
