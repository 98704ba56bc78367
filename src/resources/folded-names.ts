// Go takes a JSON name whatever the case of its letters: `targetref` is `targetRef` where that is a field of the kind. Fields of protobuf messages are read to the letter.
import { z } from "zod";
import { isObject } from "./flat-json.ts";
import type { Kind } from "./kind.ts";

const [ofFlat, ofSpec] = [["type", "mesh", "name", "labels"], ["labels"]];

/** The document with the names that its kind has; the very same one when it has them already. */
export function withKnownNames(kind: Kind, document: unknown): unknown {
  if (!isObject(document)) return document;
  const names = kind.shape === "flat" ? ofFlat : ofSpec;
  return withEntries(document, ([key, it]) => {
    if (kind.shape === "spec" && key === "spec") return [key, withNamesOf(kind.spec, it)];
    return [foldedName(names, key) ?? key, it];
  });
}

const foldedName = (names: readonly string[], key: string): string | undefined => (names.includes(key) ? key : names.find((it) => it.toLowerCase() === key.toLowerCase()));

function withNamesOf(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodNullable) return withNamesOf(schema.unwrap(), value);
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    const after = value.map((it) => withNamesOf(schema.element, it));
    return after.every((it, at) => it === value[at]) ? value : after;
  }
  if (!isObject(value)) return value;
  if (schema instanceof z.ZodRecord) return withEntries(value, ([key, it]) => [key, withNamesOf(schema.valueType, it)]);
  if (!(schema instanceof z.ZodObject)) return value;
  const { shape }: { readonly shape: Readonly<Record<string, unknown>> } = schema;
  return withEntries(value, ([key, it]) => {
    const name = Object.hasOwn(shape, key) ? key : foldedName(Object.keys(shape), key);
    return name === undefined ? [key, it] : [name, withNamesOf(shape[name], it)];
  });
}

type Entry = readonly [key: string, value: unknown];

/** Spellings of one field are read one into the other, in the order of their texts: the usual one, in small letters, is the last. */
function withEntries(value: Readonly<Record<string, unknown>>, change: (entry: Entry) => Entry): Readonly<Record<string, unknown>> {
  const isAsBefore = Object.entries(value).every(([key, it]) => {
    const [name, next] = change([key, it]);
    return name === key && next === it;
  });
  if (isAsBefore) return value;
  const merged = new Map<string, unknown>();
  for (const [key, it] of Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(change)) {
    const earlier = merged.get(key);
    merged.set(key, isObject(earlier) && isObject(it) ? { ...earlier, ...it } : it);
  }
  return Object.fromEntries(merged);
}
