// The fields of a kind as rows: from the message of a flat kind, or from the schema of a kind with `spec`.
import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { z } from "zod";
import { durationField, type Kind } from "../../src/resources/index.ts";

export interface FieldRow {
  /** `spec.to[].default.idleTimeout` */
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly fallback: string;
}

export function fieldsOf(kind: Kind): FieldRow[] {
  if (kind.shape === "flat") return ofMessage(kind.message, "", []);
  const schema = z.toJSONSchema(kind.spec, { io: "input", unrepresentable: "any", reused: "inline", cycles: "ref", override: nameDurations }) as Schema;
  return ofSchema(schema, "spec", true);
}

// To JSON Schema, a duration is a text like any other.
function nameDurations({ zodSchema, jsonSchema }: { readonly zodSchema: unknown; readonly jsonSchema: { format?: string } }): void {
  if (zodSchema === durationField) jsonSchema.format = "duration";
}

interface Schema {
  readonly format?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

function ofSchema(schema: Schema, path: string, isRequired: boolean): FieldRow[] {
  const { type, below, suffix } = shapeOf(schema);
  const own: FieldRow = { path, type, isRequired, fallback: schema.default === undefined ? "" : JSON.stringify(schema.default) };
  return [own, ...Object.entries(below?.properties ?? {}).flatMap(([name, field]) => ofSchema(field, `${path}${suffix}.${name}`, below?.required?.includes(name) === true && field.default === undefined))];
}

function shapeOf(schema: Schema): { readonly type: string; readonly below?: Schema; readonly suffix: string } {
  if (schema.enum) return { type: schema.enum.map((it) => `\`${String(it)}\``).join(", "), suffix: "" };
  if (schema.const !== undefined) return { type: `\`${JSON.stringify(schema.const)}\``, suffix: "" };
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return { type: [...new Set(choices.map((it) => shapeOf(it).type))].join(" or "), suffix: "", ...(choices.find((it) => it.properties) ? { below: choices.find((it) => it.properties) as Schema } : {}) };
  if (schema.items) {
    const item = shapeOf(schema.items);
    return { type: `list of ${item.type}${schema.maxItems === undefined ? "" : `, at most ${schema.maxItems}`}`, suffix: `[]${item.suffix}`, ...(item.below ? { below: item.below } : {}) };
  }
  if (schema.properties) return { type: "object", below: schema, suffix: "" };
  if (typeof schema.additionalProperties === "object") {
    const value = shapeOf(schema.additionalProperties);
    return { type: `map of ${value.type}`, suffix: `.*${value.suffix}`, ...(value.below ? { below: value.below } : {}) };
  }
  return { type: scalar(schema), suffix: "" };
}

function scalar({ type, format, minimum, maximum, maxLength }: Schema): string {
  if (format === "duration") return "duration";
  const name = type === "integer" || type === "number" || type === "boolean" || type === "object" ? type : type === "string" ? "text" : "any";
  const wide = (bound: number | undefined) => bound === undefined || Math.abs(bound) >= 2 ** 31 - 1;
  if (!wide(minimum) && !wide(maximum)) return `${name} ${minimum} to ${maximum}`;
  if (!wide(minimum)) return `${name}, at least ${minimum}`;
  if (!wide(maximum)) return `${name}, at most ${maximum}`;
  return maxLength === undefined ? name : `${name}, at most ${maxLength} characters`;
}

const scalars: Partial<Record<ScalarType, string>> = { [ScalarType.STRING]: "text", [ScalarType.BOOL]: "boolean", [ScalarType.BYTES]: "base64", [ScalarType.DOUBLE]: "number", [ScalarType.FLOAT]: "number" };

function ofMessage(message: DescMessage, path: string, above: readonly string[]): FieldRow[] {
  return message.fields.flatMap((field) => {
    const at = path === "" ? field.jsonName : `${path}.${field.jsonName}`;
    const row: FieldRow = { path: at, type: typeOf(field), isRequired: false, fallback: "" };
    const below = belowOf(field);
    const suffix = field.fieldKind === "list" ? "[]" : field.fieldKind === "map" ? ".*" : "";
    return [row, ...(below && !above.includes(below.typeName) ? ofMessage(below, `${at}${suffix}`, [...above, below.typeName]) : [])];
  });
}

const belowOf = ({ message }: DescField): DescMessage | undefined => (message && !message.typeName.startsWith("google.protobuf.") ? message : undefined);

function typeOf(field: DescField): string {
  const single = singleType(field);
  return field.fieldKind === "list" ? `list of ${single}` : field.fieldKind === "map" ? `map of ${single}` : single;
}

function singleType(field: DescField): string {
  if (field.enum) return field.enum.values.map((it) => `\`${it.name}\``).join(", ");
  if (field.message) {
    const name = field.message.typeName.replace("google.protobuf.", "");
    const known: Readonly<Record<string, string>> = { Duration: "duration", Timestamp: "time", Struct: "object", Value: "any", BoolValue: "boolean", StringValue: "text", BytesValue: "base64", Empty: "object" };
    return known[name] ?? (/^(?:U?Int\d+|Double|Float)Value$/.test(name) ? (name.includes("Int") ? "integer" : "number") : "object");
  }
  return (field.scalar === undefined ? undefined : scalars[field.scalar]) ?? "integer";
}
