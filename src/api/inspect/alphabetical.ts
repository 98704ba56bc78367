// Pages of inspection are written with their keys in order; confs and matches keep the order of their kind.
import { isObject } from "#resources";

const kept: ReadonlySet<string> = new Set(["conf", "match", "matches"]);

export function alphabetical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(alphabetical);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, kept.has(key) ? value[key] : alphabetical(value[key])]),
  );
}
