// Fields of a document that nothing reads: a slip of the pen in a policy must not pass in silence.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { z } from "zod";
import { isObject } from "./flat-json.ts";
import type { Kind } from "./kind.ts";

const most = 10;
const envelope: ReadonlySet<string> = new Set(["type", "mesh", "name", "labels", "creationTime", "modificationTime", "kri", "snis", "status"]);

/** Their paths, ten at most. The document has been read as one of the kind. */
export function unknownFields(kind: Kind, document: unknown): readonly string[] {
  if (!isObject(document)) return [];
  const own = Object.fromEntries(Object.entries(document).filter(([key]) => !envelope.has(key)));
  if (kind.shape === "flat") return inMessage(kind.message, own, "").slice(0, most);
  const { spec, ...others } = own;
  return [...Object.keys(others), ...inSchema(kind.spec, spec, "spec")].slice(0, most);
}

const knownFields = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

function fieldsByName(message: DescMessage): ReadonlyMap<string, DescField> {
  const fields = knownFields.get(message) ?? new Map(message.fields.flatMap((field) => [[field.jsonName, field] as const, [field.name, field] as const]));
  knownFields.set(message, fields);
  return fields;
}

function inMessage(message: DescMessage, value: unknown, path: string): readonly string[] {
  if (!isObject(value) || message.typeName.startsWith("google.protobuf.")) return [];
  const fields = fieldsByName(message);
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = fields.get(key);
    return field ? inField(field, inner, at(path, key)) : [at(path, key)];
  });
}

function inField({ fieldKind, message }: DescField, value: unknown, path: string): readonly string[] {
  if (!message) return [];
  if (fieldKind === "list" && Array.isArray(value)) return value.flatMap((it, index) => inMessage(message, it, `${path}[${index}]`));
  if (fieldKind === "map" && isObject(value)) return Object.entries(value).flatMap(([key, it]) => inMessage(message, it, `${path}["${key}"]`));
  return inMessage(message, value, path);
}

function inSchema(schema: unknown, value: unknown, path: string): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodNullable) return inSchema(schema.unwrap(), value, path);
  if (schema instanceof z.ZodArray && Array.isArray(value)) return value.flatMap((it, index) => inSchema(schema.element, it, `${path}[${index}]`));
  if (schema instanceof z.ZodRecord && isObject(value)) return Object.entries(value).flatMap(([key, it]) => inSchema(schema.valueType, it, `${path}["${key}"]`));
  if (!(schema instanceof z.ZodObject) || !isObject(value)) return [];
  const { shape }: { readonly shape: Readonly<Record<string, unknown>> } = schema;
  return Object.entries(value).flatMap(([key, inner]) => (Object.hasOwn(shape, key) ? inSchema(shape[key], inner, at(path, key)) : [at(path, key)]));
}

const at = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);
