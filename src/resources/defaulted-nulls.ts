// A null where the schema has a default counts as absent, as it does at a Kubernetes API server; one where an integer may be text counts as 0.
import { z } from "zod";
import { isObject } from "./flat-json.ts";

/** The document without such nulls; the very same one when there are none. */
export function withoutDefaultedNulls(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return withoutDefaultedNulls(schema.unwrap(), value);
  if (schema instanceof z.ZodArray && Array.isArray(value)) return sameOr(value, value.map((it) => withoutDefaultedNulls(schema.element, it)));
  if (!(schema instanceof z.ZodObject) || !isObject(value)) return value;
  const { shape }: { readonly shape: Readonly<Record<string, unknown>> } = schema;
  const kept = Object.entries(value).filter(([key, it]) => it !== null || !takesNull(shape[key]));
  const entries = kept.map(([key, it]) => [key, it === null && shape[key] instanceof z.ZodUnion ? 0 : Object.hasOwn(shape, key) ? withoutDefaultedNulls(shape[key], it) : it] as const);
  return entries.length === Object.keys(value).length && entries.every(([key, it]) => it === value[key]) ? value : Object.fromEntries(entries);
}

/** Integers that may be text have no type in the reference's schema, so null is none of either. */
const takesNull = (schema: unknown): boolean => schema instanceof z.ZodDefault || (schema instanceof z.ZodOptional && (takesNull(schema.unwrap()) || schema.unwrap() instanceof z.ZodUnion));

const sameOr = (before: readonly unknown[], after: readonly unknown[]): readonly unknown[] => (after.every((it, index) => it === before[index]) ? before : after);
