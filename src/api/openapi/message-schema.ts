// JSON Schema of a protobuf message as Kuma writes it in JSON.
import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";

export type JsonSchema = Readonly<Record<string, unknown>>;

export function messageSchema(message: DescMessage): JsonSchema {
  const known = wellKnown(message);
  if (known) return known;
  return { type: "object", properties: Object.fromEntries(message.fields.map((field) => [field.jsonName, fieldSchema(field)])) };
}

function fieldSchema(field: DescField): JsonSchema {
  if (field.fieldKind === "list") return { type: "array", items: single(field) };
  if (field.fieldKind === "map") return { type: "object", additionalProperties: single(field) };
  return single(field);
}

function single(field: DescField): JsonSchema {
  if (field.message) return messageSchema(field.message);
  if (field.enum) return { type: "string", enum: field.enum.values.map((it) => it.name) };
  return scalars.get(field.scalar ?? ScalarType.STRING) ?? { type: "integer" };
}

const text: JsonSchema = { type: "string" };
const number: JsonSchema = { type: "number" };

const scalars: ReadonlyMap<ScalarType, JsonSchema> = new Map<ScalarType, JsonSchema>([
  [ScalarType.STRING, text],
  [ScalarType.BOOL, { type: "boolean" }],
  [ScalarType.BYTES, { type: "string", contentEncoding: "base64" }],
  [ScalarType.UINT32, { type: "integer", minimum: 0, maximum: 4_294_967_295 }],
  [ScalarType.INT32, { type: "integer", minimum: -2_147_483_648, maximum: 2_147_483_647 }],
  // 64 bits do not fit a JSON number: they are written as text, and read as either.
  [ScalarType.UINT64, { type: "string", pattern: String.raw`^\d+$` }],
  [ScalarType.INT64, { type: "string", pattern: String.raw`^-?\d+$` }],
  [ScalarType.DOUBLE, number],
  [ScalarType.FLOAT, number],
]);

function wellKnown({ typeName, fields }: DescMessage): JsonSchema | undefined {
  if (!typeName.startsWith("google.protobuf.")) return undefined;
  const short = typeName.slice("google.protobuf.".length);
  if (short === "Duration") return { type: "string", description: 'A Go duration, e.g. "1m30s".' };
  if (short === "Timestamp") return { type: "string", format: "date-time" };
  if (short === "Struct") return { type: "object" };
  const wrapped = short.endsWith("Value") && short !== "Value" ? fields[0] : undefined;
  return wrapped ? single(wrapped) : {};
}
