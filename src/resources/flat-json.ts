// JSON of flat kinds by Kuma's rules (jsonpb): both spellings of a field, unknown fields ignored, wrong values named; sorted maps on output.
import { durationProblem, parseDuration } from "#platform";
import { fromJson, ScalarType, toJson, type DescField, type DescMessage, type JsonObject, type JsonValue, type Message } from "@bufbuild/protobuf";

/** What is wrong with the JSON of a message, in the words of the reference's decoder; undefined when it can be read. */
export function flatProblem(desc: DescMessage, json: unknown): string | undefined {
  const special = wellKnownProblem(desc, json);
  if (special !== "ordinary") return special;
  if (!isObject(json)) return wrongType(json, "map[string]json.RawMessage");
  for (const field of desc.fields) {
    for (const name of new Set([field.jsonName, field.name])) {
      const value = json[name];
      if (value === undefined || value === null) continue;
      const problem = fieldProblem(field, value);
      if (problem) return problem;
    }
  }
  return undefined;
}

/** The message; a thrown error says what no check above has named. */
export function readFlat<M extends Message>(desc: DescMessage, json: JsonObject): M {
  return fromJson(desc, json, { ignoreUnknownFields: true }) as M;
}

/** Users write durations as Go does ("1h30m", "200ms"); protobuf's JSON knows seconds only: the same JSON in seconds. */
export function withSeconds(desc: DescMessage, json: JsonValue): JsonValue {
  if (desc.typeName === "google.protobuf.Duration") return typeof json === "string" ? secondsOf(json) : json;
  if (desc.typeName.startsWith("google.protobuf.") || !isObject(json)) return json;
  const changed: JsonObject = { ...(json as JsonObject) };
  for (const { message, jsonName, name, fieldKind } of desc.fields) {
    if (!message) continue;
    for (const key of new Set([jsonName, name])) {
      const value = changed[key];
      if (value === undefined || value === null) continue;
      if (fieldKind === "list" && Array.isArray(value)) changed[key] = value.map((item) => withSeconds(message, item));
      else if (fieldKind === "map" && isObject(value)) changed[key] = Object.fromEntries(Object.entries(value as JsonObject).map(([at, item]) => [at, withSeconds(message, item)]));
      else changed[key] = withSeconds(message, value);
    }
  }
  return changed;
}

const secondsOf = (text: string): string => {
  const ms = parseDuration(text);
  return ms === undefined ? text : `${(ms / 1000).toFixed(9)}s`;
};

/** JSON of a message with the keys of maps and free-form structures in order. */
export function writeFlat(desc: DescMessage, message: Message): JsonObject {
  const json = sorted(desc, toJson(desc, message));
  return isObject(json) ? (json as JsonObject) : {};
}

function fieldProblem(field: DescField, value: unknown): string | undefined {
  if (field.fieldKind === "list") {
    if (!Array.isArray(value)) return wrongType(value, "[]json.RawMessage");
    return firstProblem(value, (item) => singleProblem(field, item));
  }
  if (field.fieldKind === "map") {
    if (!isObject(value)) return wrongType(value, "map[string]json.RawMessage");
    return firstProblem(Object.values(value), (item) => singleProblem(field, item));
  }
  return singleProblem(field, value);
}

function singleProblem(field: DescField, value: unknown): string | undefined {
  if (field.message) return flatProblem(field.message, value);
  if (field.enum) {
    const known = typeof value === "number" ? Number.isInteger(value) : field.enum.values.some((it) => it.name === value);
    return known ? undefined : `unknown value ${JSON.stringify(JSON.stringify(value))} for enum ${field.enum.typeName}`;
  }
  return field.scalar === undefined ? undefined : scalarProblem(field.scalar, value);
}

const goIntegers = new Map<ScalarType, readonly [name: string, min: number, max: number]>([
  [ScalarType.INT32, ["int32", -(2 ** 31), 2 ** 31 - 1]],
  [ScalarType.UINT32, ["uint32", 0, 2 ** 32 - 1]],
]);

function scalarProblem(type: ScalarType, value: unknown): string | undefined {
  if (type === ScalarType.STRING) return typeof value === "string" ? undefined : wrongType(value, "string");
  if (type === ScalarType.BOOL) return typeof value === "boolean" ? undefined : wrongType(value, "bool");
  if (type === ScalarType.BYTES) return bytesProblem(value);
  const integer = goIntegers.get(type);
  if (!integer) return undefined;
  const [name, min, max] = integer;
  const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== "number") return wrongType(value, name);
  const fits = Number.isInteger(number) && number >= min && number <= max;
  return fits ? undefined : `json: cannot unmarshal number ${number} into Go value of type ${name}`;
}

function bytesProblem(value: unknown): string | undefined {
  if (typeof value !== "string") return wrongType(value, "[]uint8");
  const wrongAt = value.search(/[^A-Za-z0-9+/=\-_\r\n]/);
  return wrongAt < 0 ? undefined : `illegal base64 data at input byte ${wrongAt}`;
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
  if (short === "Struct") return isObject(json) ? undefined : wrongType(json, "map[string]json.RawMessage");
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
    Object.entries(json).map(([key, value]) => {
      const field = desc.fields.find((it) => it.jsonName === key);
      return [key, field ? sortedField(field, value as JsonValue) : (value as JsonValue)];
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
