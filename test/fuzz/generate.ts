// Inputs for fuzzing, the same for the same seed: texts and values changed at random, resources made up from a kind's own declaration.
import { ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { z } from "zod";
import { seededRandom } from "#platform/fake";
import type { Kind } from "#resources";

export interface Chooser {
  /** A whole number below `limit`. */
  below(limit: number): number;
  pick<T>(from: readonly T[]): T;
  /** True `percent` times of a hundred. */
  chance(percent: number): boolean;
  /** Half of the choosers make mostly what is right, so that what lies behind the validation is reached, too. */
  readonly isTame: boolean;
}

export function chooser(seed: number): Chooser {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random.fraction() * limit);
  return {
    below,
    isTame: seed % 2 === 0,
    chance: (percent) => below(100) < percent,
    pick(from) {
      const it = from[below(from.length)];
      if (it === undefined) throw new Error("nothing to pick from");
      return it;
    },
  };
}

/** What has broken parsers before. */
const texts: readonly string[] = [
  "", " ", "\0", "a", "default", "kuma.io/service", "*", ".", "..", "/", "-1", "0", "80", "65536", "1e999", "NaN", "10s", "-5s", "1h1h", "999999999999h", "1ns", "true", "null", "127.0.0.1", "::1", "[::1]:80", "256.1.1.1",
  "10.0.0.0/8", "10.0.0.0/99", "http://x:99999/", "https://[", "tcp://", "grpcs://a:b", "%", "%zz", "(", "[a-", "(a+)+$", "a{1,99999}", "\\", "{{", "{{ .name }}", '{{ label "a" }}', "{{ .", "__proto__", "constructor", "toString", "hasOwnProperty",
  "spiffe://default/web", "spiffe://", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "eyJhbGciOiJub25lIn0.e30.", "kri_msvc_default_zone_ns_web_80", "dеfault", "\u202E", "\uD800", "x".repeat(300), "a.".repeat(200), "é", "🙂", "50", "50%", "0.5", "12.345",
];
const tameTexts: readonly string[] = ["web", "api", "default", "10s", "1m", "127.0.0.1", "10.1.2.3", "http", "/path", "example.com", "80", "50", "kuma.io/service", "*"];
const tameDurations: readonly string[] = ["1s", "10s", "0.5s"];
const values: readonly unknown[] = [null, true, false, 0, -1, 1, 1.5, 80, 65_536, 2 ** 31, 2 ** 32, 2 ** 53, 1e308, -0, [], {}, [null], [[]], { "": "" }, { a: { b: { c: {} } } }, { constructor: 1 }, { toString: 1, valueOf: 1 }, { type: 1 }, ["a", 1, null]];

export const anyText = (choose: Chooser): string => choose.pick(texts);
export const anyValue = (choose: Chooser): unknown => (choose.chance(50) ? anyText(choose) : choose.pick(values));

const operations: readonly ((text: string, at: number, choose: Chooser, others: readonly string[]) => string)[] = [
  (text, at, choose) => text.slice(0, at) + String.fromCharCode(choose.below(choose.chance(80) ? 128 : 65_536)) + text.slice(at + 1),
  (text, at, choose) => text.slice(0, at) + text.slice(at + 1 + choose.below(20)),
  (text, at, choose) => text.slice(0, at) + anyText(choose) + text.slice(at),
  (text, at, choose) => text.slice(0, at) + text.slice(Math.max(0, at - choose.below(40)), at).repeat(1 + choose.below(4)) + text.slice(at),
  (text, at) => text.slice(0, at),
  (text, at, choose, others) => text.slice(0, at) + choose.pick(others).slice(choose.below(100)),
  (text, at, choose) => text.slice(0, at) + text.slice(at).replace(/\d+/, () => choose.pick(["-1", "0", "99999999999999999999", "1e999", "0x10", ""])),
  (text, at, choose) => text.slice(0, at) + text.slice(at).replace(/[{}[\]:,"'&*!|>%@-]/, () => choose.pick("{}[]:,\"'&*!|>%@-".split(""))),
];

/** A text of the corpus, changed in one to four places. */
export function changedText(corpus: readonly string[], choose: Chooser): string {
  let text = choose.pick(corpus);
  for (let times = 1 + choose.below(4); times > 0; times--) text = choose.pick(operations)(text, choose.below(text.length + 1), choose, corpus);
  return text.slice(0, 100_000);
}

/** A copy with one to three values replaced, keys renamed or left out. */
export function changedValue(value: unknown, choose: Chooser): unknown {
  let copy = value;
  for (let times = 1 + choose.below(3); times > 0; times--) copy = changedOnce(copy, choose);
  return copy;
}

function changedOnce(value: unknown, choose: Chooser): unknown {
  if (typeof value !== "object" || value === null || choose.chance(8)) return anyValue(choose);
  if (Array.isArray(value)) {
    if (value.length === 0 || choose.chance(10)) return [...(value as unknown[]), anyValue(choose)];
    const at = choose.below(value.length);
    return value.map((it: unknown, index) => (index === at ? changedOnce(it, choose) : it));
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || choose.chance(10)) return Object.fromEntries([...entries, [anyText(choose), anyValue(choose)]]);
  const [key] = choose.pick(entries);
  const what = choose.below(10);
  return Object.fromEntries(entries.flatMap(([name, inner]) => (name !== key ? [[name, inner]] : what === 0 ? [] : what === 1 ? [[anyText(choose), inner]] : [[name, changedOnce(inner, choose)]])));
}

/** A document of the kind, mostly right in its form, with wrong values here and there. */
export function documentOf(kind: Kind, choose: Chooser): unknown {
  const meta = { type: kind.name, name: choose.isTame || choose.chance(90) ? "made-up" : anyText(choose), ...(kind.scope === "Mesh" ? { mesh: choose.isTame || choose.chance(95) ? "default" : anyText(choose) } : {}), ...(!choose.isTame && choose.chance(10) ? { labels: { [anyText(choose)]: anyText(choose) } } : {}) };
  if (kind.shape === "flat") return { ...(fromMessage(kind.message, choose, 0) as object), ...meta };
  return { ...meta, spec: fromSchema(schemaOf(kind), schemaOf(kind), choose, 0) };
}

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const schemas = new WeakMap<Kind, Schema>();

function schemaOf(kind: Extract<Kind, { readonly shape: "spec" }>): Schema {
  const known = schemas.get(kind);
  if (known) return known;
  const schema = z.toJSONSchema(kind.spec, { io: "input", unrepresentable: "any", reused: "inline" }) as Schema;
  schemas.set(kind, schema);
  return schema;
}

function fromSchema(schema: Schema, root: Schema, choose: Chooser, depth: number): unknown {
  if (!choose.isTame && choose.chance(1)) return anyValue(choose);
  if (schema.$ref) return fromSchema(root.$defs?.[schema.$ref.split("/").at(-1) ?? ""] ?? {}, root, choose, depth + 1);
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives && alternatives.length > 0) return fromSchema(choose.pick(alternatives), root, choose, depth);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((it) => fromSchema(it, root, choose, depth))) as unknown;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum && schema.enum.length > 0) return choose.pick(schema.enum);
  if (schema.properties) {
    const isWanted = (key: string) => schema.required?.includes(key) || choose.chance(choose.isTame ? 70 : depth < 6 ? 55 : 20);
    return Object.fromEntries(Object.entries(schema.properties).flatMap(([key, inner]) => (depth < 12 && isWanted(key) ? [[key, fromSchema(inner, root, choose, depth + 1)]] : [])));
  }
  if (schema.type === "array") return Array.from({ length: choose.isTame ? 1 + choose.below(2) : choose.below(3) }, () => fromSchema(schema.items ?? {}, root, choose, depth + 1));
  if (schema.type === "object") {
    const inner = typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
    return Object.fromEntries(Array.from({ length: choose.below(3) }, () => [anyText(choose), fromSchema(inner, root, choose, depth + 1)]));
  }
  if (schema.type === "integer" || schema.type === "number") return choose.isTame ? choose.pick([1, 5, 80, 100]) : choose.pick([0, 1, 5, 80, 100, -1, 65_535, 65_536, 2 ** 31, 0.5]);
  if (schema.type === "boolean") return choose.chance(50);
  return choose.chance(choose.isTame ? 97 : 40) ? choose.pick(tameTexts) : anyText(choose);
}

function fromMessage(message: DescMessage, choose: Chooser, depth: number): unknown {
  if (!choose.isTame && choose.chance(2)) return anyValue(choose);
  const short = message.typeName.replace("google.protobuf.", "");
  if (short === "Duration") return choose.isTame ? choose.pick(tameDurations) : choose.pick(["1s", "0.5s", "-1s", "315576000001s", "1", ""]);
  if (short === "Timestamp") return choose.pick(["2026-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "x"]);
  if (short === "Struct") return choose.chance(50) ? {} : { [anyText(choose)]: anyValue(choose) };
  const wrapped = short.endsWith("Value") && short !== message.typeName ? message.fields[0] : undefined;
  if (wrapped) return choose.isTame ? fromField(wrapped, choose, depth) : anyValue(choose);
  return Object.fromEntries(message.fields.flatMap((field) => (depth < 8 && choose.chance(choose.isTame ? 75 : depth < 3 ? 60 : 30) ? [[choose.chance(80) ? field.jsonName : field.name, fromField(field, choose, depth)]] : [])));
}

function fromField(field: DescField, choose: Chooser, depth: number): unknown {
  const one = (): unknown => {
    if (field.message) return fromMessage(field.message, choose, depth + 1);
    if (field.enum) return choose.chance(80) ? choose.pick(field.enum.values).name : choose.pick([0, 1, 99, -1, "NO"]);
    if (field.scalar === ScalarType.BOOL) return choose.chance(50);
    if (field.scalar === ScalarType.STRING) return choose.isTame ? choose.pick(tameTexts) : anyText(choose);
    if (field.scalar === ScalarType.BYTES) return choose.pick(["", "AAAA", "!", "a"]);
    if (choose.isTame) return choose.pick([1, 80, 8080]);
    return choose.pick([0, 1, 80, -1, 65_536, 2 ** 32, "80", "-1", 1.5]);
  };
  if (!choose.isTame && choose.chance(2)) return anyValue(choose);
  const length = choose.isTame ? 1 + choose.below(2) : choose.below(3);
  if (field.fieldKind === "list") return Array.from({ length }, one);
  if (field.fieldKind === "map") return Object.fromEntries(Array.from({ length }, () => [choose.isTame ? choose.pick(["kuma.io/service", "kuma.io/protocol", "version"]) : anyText(choose), one()]));
  return one();
}

/** Bytes of the corpus, some flipped, cut out or repeated. */
export function changedBytes(corpus: readonly Uint8Array[], choose: Chooser): Uint8Array {
  let bytes = Buffer.from(choose.pick(corpus));
  for (let times = 1 + choose.below(4); times > 0 && bytes.byteLength > 0; times--) {
    const at = choose.below(bytes.byteLength);
    const what = choose.below(4);
    if (what === 0) bytes[at] = choose.below(256);
    if (what === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + choose.below(10))]);
    if (what === 2) bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(anyText(choose)), bytes.subarray(at)]);
    if (what === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + 30), bytes.subarray(at)]);
  }
  return bytes;
}
