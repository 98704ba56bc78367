// The effective configuration: defaults, then the file, then the environment. A wrong value stops the start and names its key.
import { load as parseYaml } from "js-yaml";
import { formatDuration } from "#platform";
import { KumaError } from "#resources";
import type { Key } from "./key.ts";
import { keys, type KeyPath, type ValueOf } from "./keys/index.ts";

export interface Config {
  get<P extends KeyPath>(path: P): ValueOf<P>;
  /** True when the file or the environment set the key. */
  isSet(path: KeyPath): boolean;
  /** Things the operator should know: unknown keys, keys that do nothing here. */
  readonly warnings: readonly string[];
}

export interface ConfigSource {
  /** Text of the configuration file (YAML or JSON), if there is one. */
  readonly file?: { readonly path: string; readonly text: string };
  readonly env: Readonly<Record<string, string | undefined>>;
}

const table = new Map<string, Key<unknown>>(Object.entries(keys));
/** Sections of the file that hold free-form content, or that only Kubernetes deployments set. */
const toleratedPrefixes = ["runtime.kubernetes.injector.", "runtime.kubernetes."];

/** Throws one KumaError that lists every problem. */
export function loadConfig({ file, env }: ConfigSource): Config {
  const values = new Map<string, unknown>();
  const problems: string[] = [];
  const warnings: string[] = [];
  if (file) {
    for (const [path, value] of flatten(readFile(file))) {
      const key = table.get(path);
      if (!key) {
        if (!toleratedPrefixes.some((prefix) => path.startsWith(prefix))) warnings.push(`unknown key "${path}" in ${file.path}${suggestion(path)}`);
        continue;
      }
      const parsed = key.fromYaml(value);
      if ("problem" in parsed) problems.push(`${path}: ${parsed.problem}`);
      else values.set(path, parsed.value);
    }
  }
  for (const [path, key] of table) {
    const name = key.env.find((it) => env[it] !== undefined && env[it] !== "");
    if (!name) continue;
    const parsed = key.fromText(env[name] ?? "");
    if ("problem" in parsed) problems.push(`${path} (${name}): ${parsed.problem}`);
    else values.set(path, parsed.value);
  }
  if (values.get("mode") === "standalone") {
    values.set("mode", "zone");
    warnings.push('mode "standalone" is now called "zone"');
  }
  const config: Config = {
    warnings,
    get: <P extends KeyPath>(path: P) => (values.has(path) ? values.get(path) : keys[path].fallback) as ValueOf<P>,
    isSet: (path) => values.has(path),
  };
  if (problems.length > 0) throw invalidConfig(problems);
  return config;
}

export function invalidConfig(problems: readonly string[]): KumaError {
  const message = `invalid configuration:\n${problems.map((it) => `  * ${it}`).join("\n")}`;
  return new KumaError({ is: "invalid", message, violations: problems.map((it) => ({ field: "", message: it })) });
}

function readFile(file: { readonly path: string; readonly text: string }): unknown {
  try {
    return parseYaml(file.text);
  } catch (error) {
    throw invalidConfig([`${file.path} is not YAML: ${error instanceof Error ? error.message.split("\n")[0] : ""}`]);
  }
}

/** Deeper or larger than any configuration: YAML's aliases can make a small text endless. */
const maxDepth = 20;
const maxValues = 10_000;

/** Leaves of the document by dotted path; a path that is a key of ours is a leaf whatever it holds. */
function flatten(document: unknown): readonly (readonly [path: string, value: unknown])[] {
  const leaves: (readonly [string, unknown])[] = [];
  let seen = 0;
  const walk = (value: unknown, path: string, depth: number) => {
    const isSection = typeof value === "object" && value !== null && !Array.isArray(value) && !table.has(path);
    if (depth > maxDepth || ++seen > maxValues) throw invalidConfig([`the file is nested deeper than ${maxDepth} levels or holds more than ${maxValues} values, at ${path.slice(0, 100)}`]);
    if (isSection) for (const [name, child] of Object.entries(value)) walk(child, path ? `${path}.${name}` : name, depth + 1);
    else if (path) leaves.push([path, value]);
  };
  walk(document, "", 0);
  return leaves;
}

function suggestion(path: string): string {
  const nearest = [...table.keys()].map((it) => ({ it, distance: editDistance(path.toLowerCase(), it.toLowerCase()) })).toSorted((a, b) => a.distance - b.distance)[0];
  return nearest && nearest.distance <= Math.max(3, path.length / 4) ? `; did you mean "${nearest.it}"?` : "";
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}

const secretKeys = /password|encryption\.key$/i;

/** The configuration as a nested document for `GET /config` and the log: durations as text, secrets masked. */
export function printConfig(config: Config): Record<string, unknown> {
  const document: Record<string, unknown> = {};
  for (const [path, key] of table) {
    const value: unknown = config.get(path as KeyPath);
    const shown = secretKeys.test(path) ? (value === "" ? "" : "*****") : key.type === "duration" ? formatDuration(value as number) : value;
    const parts = path.split(".");
    let section = document;
    for (const part of parts.slice(0, -1)) section = (section[part] ??= {}) as Record<string, unknown>;
    section[parts.at(-1) ?? ""] = shown;
  }
  return document;
}
