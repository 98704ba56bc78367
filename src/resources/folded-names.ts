// Go takes a JSON name whatever its letters' case: `targetref` is `targetRef` where that is a field of the kind.
import { z } from "zod";
import { isObject } from "./flat-json.ts";

/** The document with the schema's names; the very same one when it has them already. Of two spellings of one field the later counts. */
export function withNamesOf(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodNullable) return withNamesOf(schema.unwrap(), value);
  if (schema instanceof z.ZodArray && Array.isArray(value)) return sameOr(value, value.map((it) => withNamesOf(schema.element, it)));
  if (!isObject(value)) return value;
  if (schema instanceof z.ZodRecord) return withEntries(value, ([key, it]) => [key, withNamesOf(schema.valueType, it)]);
  if (!(schema instanceof z.ZodObject)) return value;
  const { shape }: { readonly shape: Readonly<Record<string, unknown>> } = schema;
  return withEntries(value, ([key, it]) => {
    const name = Object.hasOwn(shape, key) ? key : Object.keys(shape).find((known) => known.toLowerCase() === key.toLowerCase());
    return name === undefined ? [key, it] : [name, withNamesOf(shape[name], it)];
  });
}

type Entry = readonly [key: string, value: unknown];

function withEntries(value: Readonly<Record<string, unknown>>, change: (entry: Entry) => Entry): unknown {
  const before = Object.entries(value);
  const after = before.map(change);
  return after.every(([key, it], at) => key === before[at]?.[0] && it === before[at][1]) ? value : Object.fromEntries(after);
}

const sameOr = (before: readonly unknown[], after: readonly unknown[]): readonly unknown[] => (after.every((it, at) => it === before[at]) ? before : after);
