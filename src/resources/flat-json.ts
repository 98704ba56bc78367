// JSON of flat kinds by Kuma's rules (jsonpb): both spellings of a field, unknown fields ignored, wrong values named; sorted maps on output.
import { durationProblem, parseDuration } from "#platform";
import { fromJson, ScalarType, toJson, type DescField, type DescMessage, type JsonObject, type JsonValue, type Message } from "@bufbuild/protobuf";

interface NamedField {
  readonly field: DescField;
  /** In JSON: one name, or two spellings of it. */
  readonly names: readonly string[];
}

const namedFields = new WeakMap<DescMessage, readonly NamedField[]>();

function fieldsOf(desc: DescMessage): readonly NamedField[] {
  const fields = namedFields.get(desc) ?? desc.fields.map((field) => ({ field, names: [...new Set([field.jsonName, field.name])] }));
  namedFields.set(desc, fields);
  return fields;
}

/** What an Any holds, by its type URL: `unchecked` when that is enough to know, undefined for a type that there is not. */
export type AnyTypes = (url: string) => DescMessage | "unchecked" | undefined;

/** What is wrong with the JSON of a message, in the words of the reference's decoder; undefined when it can be read. Without `types` nothing is asked of an Any. */
export function flatProblem(desc: DescMessage, json: unknown, types?: AnyTypes): string | undefined {
  const special = types && desc.typeName === "google.protobuf.Any" ? anyProblem(json, types) : wellKnownProblem(desc, json);
  if (special !== "ordinary") return special;
  if (!isObject(json)) return wrongType(json, "map[string]json.RawMessage");
  for (const { field, names } of fieldsOf(desc)) {
    for (const name of names) {
      const value = json[name];
      if (value === undefined || value === null) continue;
      const problem = fieldProblem(field, value, types);
      if (problem) return problem;
    }
  }
  return undefined;
}

/** The message; a thrown error says what no check above has named. */
export function readFlat<M extends Message>(desc: DescMessage, json: JsonObject): M {
  return fromJson(desc, json, { ignoreUnknownFields: true }) as M;
}

/**
 * The JSON as protobuf's own rules want it. Users write durations as Go does ("1h30m", "200ms"): protobuf knows seconds only.
 * A null among others is an empty message, text or number to Kuma, and an error to protobuf. What needs no change is returned as it is.
 */
export function withSeconds(desc: DescMessage, json: JsonValue, types?: AnyTypes): JsonValue {
  if (desc.typeName === "google.protobuf.Duration") return typeof json === "string" ? secondsOf(json) : json;
  if (desc.typeName === "google.protobuf.Any" && types && isObject(json)) {
    const url: unknown = json["@type"];
    const held = typeof url === "string" ? types(url) : undefined;
    return typeof held === "object" ? withSeconds(held, json, types) : json;
  }
  if (desc.typeName.startsWith("google.protobuf.") || !isObject(json)) return json;
  const object: JsonObject = json;
  let changed: JsonObject | undefined;
  for (const { field, names } of fieldsOf(desc)) {
    for (const key of names) {
      const value = object[key];
      if (value === undefined || value === null) continue;
      const next = fieldWithSeconds(field, value, types);
      if (next === value) continue;
      changed ??= { ...object };
      changed[key] = next;
    }
  }
  return changed ?? json;
}

function fieldWithSeconds(field: DescField, value: JsonValue, types: AnyTypes | undefined): JsonValue {
  const { message, fieldKind } = field;
  const item = (it: JsonValue): JsonValue => (it === null ? emptyItem(field) : message ? withSeconds(message, it, types) : it);
  if (fieldKind === "list" && Array.isArray(value)) return value.some((it) => item(it) !== it) ? value.map(item) : value;
  if (fieldKind === "map" && isObject(value)) {
    const object: JsonObject = value;
    const entries = Object.entries(object);
    return entries.some(([, it]) => item(it) !== it) ? Object.fromEntries(entries.map(([at, it]) => [at, item(it)])) : value;
  }
  return message ? withSeconds(message, value, types) : value;
}

/** What stands for null in a list or a map. */
function emptyItem(field: DescField): JsonValue {
  if (field.message) return field.message.typeName.endsWith("Value") ? emptyItem(field.message.fields[0] ?? field) : {};
  if (field.enum) return field.enum.values[0]?.number ?? 0;
  if (field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES) return "";
  return field.scalar === ScalarType.BOOL ? false : 0;
}

const secondsOf = (text: string): string => {
  const ms = parseDuration(text);
  return ms === undefined ? text : `${(ms / 1000).toFixed(9)}s`;
};

/** JSON of a message: fields as they are declared (protobuf's own order is that of their numbers), the keys of maps and free-form structures sorted. */
export function writeFlat(desc: DescMessage, message: Message): JsonObject {
  const json = sorted(desc, toJson(desc, message));
  return isObject(json) ? (json as JsonObject) : {};
}

function anyProblem(json: unknown, types: AnyTypes): string | undefined {
  if (!isObject(json)) return wrongType(json, "map[string]json.RawMessage");
  const { "@type": url, ...fields } = json;
  if (url === undefined || url === null) return "Any JSON doesn't have '@type'";
  if (typeof url !== "string") return `can't unmarshal Any's '@type': ${JSON.stringify(JSON.stringify(url))}`;
  const held = types(url);
  if (held === undefined) return `could not resolve Any message type: ${url}`;
  const problem = held === "unchecked" ? undefined : flatProblem(held, fields, types);
  return problem && `can't unmarshal Any nested proto ${url}: ${problem}`;
}

function fieldProblem(field: DescField, value: unknown, types?: AnyTypes): string | undefined {
  if (field.fieldKind === "list") {
    if (!Array.isArray(value)) return wrongType(value, "[]json.RawMessage");
    return firstProblem(value, (item) => singleProblem(field, item, types));
  }
  if (field.fieldKind === "map") {
    if (!isObject(value)) return wrongType(value, "map[string]json.RawMessage");
    return firstProblem(Object.values(value), (item) => singleProblem(field, item, types));
  }
  return singleProblem(field, value, types);
}

/** Items that are null count as empty. */
function singleProblem(field: DescField, value: unknown, types?: AnyTypes): string | undefined {
  if (value === null) return undefined;
  if (field.message) return flatProblem(field.message, value, types);
  if (field.enum) {
    if (typeof value === "object" || typeof value === "boolean") return wrongType(value, "protoreflect.EnumNumber");
    const known = typeof value === "number" ? Number.isInteger(value) : field.enum.values.some((it) => it.name === value);
    return known ? undefined : `unknown value ${JSON.stringify(JSON.stringify(value))} for enum ${field.enum.typeName}`;
  }
  return field.scalar === undefined ? undefined : scalarProblem(field.scalar, value);
}

const goNumbers = new Map<ScalarType, readonly [name: string, min: number, max: number]>([
  [ScalarType.INT32, ["int32", -(2 ** 31), 2 ** 31 - 1]],
  [ScalarType.UINT32, ["uint32", 0, 2 ** 32 - 1]],
  [ScalarType.INT64, ["int64", -(2 ** 63), 2 ** 63 - 1]],
  [ScalarType.UINT64, ["uint64", 0, 2 ** 64 - 1]],
  [ScalarType.FLOAT, ["float32", -3.4028235e38, 3.4028235e38]],
  [ScalarType.DOUBLE, ["float64", -Number.MAX_VALUE, Number.MAX_VALUE]],
]);

function scalarProblem(type: ScalarType, value: unknown): string | undefined {
  if (type === ScalarType.STRING) return typeof value === "string" ? undefined : wrongType(value, "string");
  if (type === ScalarType.BOOL) return typeof value === "boolean" ? undefined : wrongType(value, "bool");
  if (type === ScalarType.BYTES) return bytesProblem(value);
  const limits = goNumbers.get(type);
  if (!limits) return undefined;
  const [name, min, max] = limits;
  if (typeof value === "string" && !jsonNumber.test(value)) return quotedProblem(value, name);
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number !== "number") return wrongType(value, name);
  const fits = (name.startsWith("float") || Number.isInteger(number)) && number >= min && number <= max;
  return fits ? undefined : `json: cannot unmarshal number ${value as string | number} into Go value of type ${name}`;
}

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** A number in quotes is read as if it stood there without them. */
function quotedProblem(text: string, name: string): string {
  const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/.exec(text)?.[0] ?? "";
  const next = text.slice(number.length, number.length + 1);
  if (text === "") return "unexpected end of JSON input";
  if (number !== "") return `invalid character '${next}' after top-level value`;
  if (text === "true" || text === "false") return wrongType(true, name);
  return /^["{[tfn-]/.test(text) ? wrongType(text, name) : `invalid character '${next}' looking for beginning of value`;
}

function bytesProblem(value: unknown): string | undefined {
  if (Array.isArray(value)) return firstProblem(value, (it) => (typeof it === "string" ? wrongType(it, "uint8") : scalarProblem(ScalarType.UINT32, it)?.replace(/uint32$/, "uint8")));
  if (typeof value !== "string") return wrongType(value, "[]uint8");
  const wrongAt = value.search(/[^A-Za-z0-9+/=\r\n]/);
  const isCut = value.replaceAll(/[\r\n]/g, "").length % 4 !== 0;
  if (wrongAt < 0 && !isCut) return undefined;
  return `illegal base64 data at input byte ${wrongAt < 0 ? value.length - (value.length % 4) : wrongAt}`;
}

/** Types with a JSON form of their own; `ordinary` for all others. */
function wellKnownProblem(desc: DescMessage, json: unknown): string | undefined {
  const short = desc.typeName.startsWith("google.protobuf.") ? desc.typeName.slice("google.protobuf.".length) : "";
  if (short === "Duration") {
    if (typeof json !== "string") return wrongType(json, "string");
    return parseDuration(json) === undefined ? `bad Duration: ${durationProblem(json)}` : undefined;
  }
  if (short === "Timestamp") {
    if (typeof json !== "string") return wrongType(json, "string");
    return Number.isNaN(Date.parse(json)) ? `bad Timestamp: parsing time ${JSON.stringify(json)}` : undefined;
  }
  if (short === "Struct") return isObject(json) ? undefined : `bad StructValue: ${wrongType(json, "map[string]json.RawMessage")}`;
  const wrapped = short.endsWith("Value") && short !== "Value" ? desc.fields[0] : undefined;
  if (wrapped) return singleProblem(wrapped, json);
  return short === "" ? "ordinary" : undefined;
}

const goTypeOf = (value: unknown): string => (Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value);
const wrongType = (value: unknown, wanted: string): string => `json: cannot unmarshal ${goTypeOf(value)} into Go value of type ${wanted}`;

function firstProblem(values: readonly unknown[], problemOf: (value: unknown) => string | undefined): string | undefined {
  for (const value of values) {
    const problem = problemOf(value);
    if (problem) return problem;
  }
  return undefined;
}

function sorted(desc: DescMessage, json: JsonValue): JsonValue {
  if (desc.typeName === "google.protobuf.Struct") return sortedDeep(json);
  if (desc.typeName.startsWith("google.protobuf.") || !isObject(json)) return json;
  return Object.fromEntries(
    desc.fields.flatMap((field) => {
      const value = json[field.jsonName];
      return value === undefined ? [] : [[field.jsonName, sortedField(field, value as JsonValue)]];
    }),
  );
}

function sortedField(field: DescField, value: JsonValue): JsonValue {
  const { message } = field;
  if (field.fieldKind === "map" && isObject(value)) {
    const entries = Object.entries(value as JsonObject).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, item]) => [key, message ? sorted(message, item) : item]));
  }
  if (!message) return value;
  return Array.isArray(value) ? value.map((item) => sorted(message, item)) : sorted(message, value);
}

function sortedDeep(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortedDeep);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value as JsonObject).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sortedDeep(item)]));
}

export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
