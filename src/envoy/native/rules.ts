// What Envoy's schema asks of values beyond their types (protoc-gen-validate): an Envoy that is given others refuses all that comes with them.
import { durationMs, isObject } from "#resources";
import { ScalarType, type DescField, type DescMessage, type DescOneof } from "@bufbuild/protobuf";
import { rules as rulesByMessage } from "#gen/native/rules.js";

interface Limits {
  readonly gt?: number | string;
  readonly gte?: number | string;
  readonly lt?: number | string;
  readonly lte?: number | string;
  readonly required?: boolean;
}

/** One kind of rule a field, as protoc-gen-validate's schema has it; 64-bit numbers are texts in JSON. */
interface FieldRules {
  readonly message?: { readonly required?: boolean };
  readonly any?: { readonly required?: boolean };
  readonly duration?: Limits;
  readonly string?: { readonly minLen?: string; readonly maxBytes?: string; readonly wellKnownRegex?: string; readonly strict?: boolean; readonly pattern?: string; readonly in?: readonly string[] };
  readonly bytes?: { readonly minLen?: string; readonly maxLen?: string };
  readonly bool?: { readonly const?: boolean };
  readonly enum?: { readonly definedOnly?: boolean };
  readonly repeated?: { readonly minItems?: string; readonly maxItems?: string; readonly unique?: boolean; readonly items?: FieldRules };
  readonly map?: { readonly minPairs?: string; readonly keys?: FieldRules };
  readonly uint32?: Limits;
  readonly uint64?: Limits;
  readonly double?: Limits;
}

type Json = Readonly<Record<string, unknown>>;

/** The first rule that the JSON of a message breaks; undefined when it keeps all. Its types have been checked. */
export function ruleProblem(message: DescMessage, json: Json): string | undefined {
  if (message.typeName.startsWith("google.protobuf.")) return undefined;
  const rules: Readonly<Record<string, FieldRules | undefined>> = rulesByMessage[message.typeName] ?? {};
  const [alone, chosen] = [message.fields.filter((it) => !it.oneof), message.oneofs];
  for (const field of alone) {
    const problem = fieldProblem(field, valueOf(field, json), rules[field.name] ?? {});
    if (problem) return at(message, problem);
  }
  for (const oneof of chosen) {
    const problem = oneofProblem(oneof, json, rules);
    if (problem) return at(message, problem);
  }
  return undefined;
}

interface Problem {
  readonly field: string;
  readonly reason: string;
}

const at = ({ typeName, file }: DescMessage, { field, reason }: Problem): string => `invalid ${typeName.slice(file.proto.package.length + 1).replaceAll(".", "_")}.${field}: ${reason}`;

/** As Go names it: words begin after `_` and after digits; before a digit the `_` stays. */
const goName = (name: string): string => name.replaceAll(/(?:^|_|(\d))([a-z])/g, (_, digit: string | undefined, letter: string) => `${digit ?? ""}${letter.toUpperCase()}`);

function valueOf(field: DescField, json: Json): unknown {
  const value = json[field.jsonName] ?? json[field.name];
  return value ?? undefined;
}

function oneofProblem(oneof: DescOneof, json: Json, rules: Readonly<Record<string, FieldRules | undefined>>): Problem | undefined {
  const field = oneof.fields.find((it) => valueOf(it, json) !== undefined);
  if (field) return fieldProblem(field, valueOf(field, json), rules[field.name] ?? {});
  return rules[oneof.name] ? { field: goName(oneof.name), reason: "value is required" } : undefined;
}

function fieldProblem(field: DescField, value: unknown, rules: FieldRules): Problem | undefined {
  const name = goName(field.name);
  const told = (reason: string | undefined, place = name): Problem | undefined => (reason === undefined ? undefined : { field: place, reason });
  if (field.fieldKind === "list") {
    const items = Array.isArray(value) ? value : [];
    return told(listProblem(items, rules)) ?? firstOf(items.entries(), ([index, item]) => told(singleProblem(field, item, rules.repeated?.items ?? {}), `${name}[${index}]`));
  }
  if (field.fieldKind === "map") {
    const entries = isObject(value) ? Object.entries(value) : [];
    const tooFew = entries.length < Number(rules.map?.minPairs ?? 0) ? `map must contain at least ${rules.map?.minPairs} pair(s)` : undefined;
    return told(tooFew) ?? firstOf(entries, ([key, item]) => told(stringProblem(key, rules.map?.keys?.string) ?? singleProblem(field, item, {}), `${name}[${key}]`));
  }
  return told(singleProblem(field, value, rules));
}

function firstOf<T>(items: Iterable<T>, look: (item: T) => Problem | undefined): Problem | undefined {
  for (const item of items) {
    const problem = look(item);
    if (problem) return problem;
  }
  return undefined;
}

function listProblem(items: readonly unknown[], { repeated: { minItems, maxItems, unique } = {} }: FieldRules): string | undefined {
  if (minItems !== undefined && items.length < Number(minItems)) return `value must contain at least ${minItems} item(s)`;
  if (maxItems !== undefined && items.length > Number(maxItems)) return `value must contain no more than ${maxItems} item(s)`;
  return unique && new Set(items).size < items.length ? "repeated value must contain unique items" : undefined;
}

function singleProblem({ message, enum: known, scalar }: DescField, value: unknown, rules: FieldRules): string | undefined {
  if (message) {
    const isWrapper = message.typeName.startsWith("google.protobuf.") && message.typeName.endsWith("Value");
    if (value === undefined) return (rules.message ?? rules.any ?? rules.duration)?.required ? `value is required${isWrapper && Object.keys(rules).length > 1 ? " and must not be nil." : ""}` : undefined;
    if (message.typeName === "google.protobuf.Duration") return durationProblem(value, rules.duration);
    if (isWrapper) return scalarProblem(value, rules);
    const inner = isObject(value) ? ruleProblem(message, value) : undefined;
    return inner === undefined ? undefined : `embedded message failed validation | caused by: ${inner}`;
  }
  if (known) return rules.enum?.definedOnly && typeof value === "number" && !known.value[value] ? "value must be one of the defined enum values" : undefined;
  return scalarProblem(value ?? (scalar === ScalarType.STRING || scalar === ScalarType.BYTES ? "" : scalar === ScalarType.BOOL ? false : 0), rules);
}

function scalarProblem(value: unknown, { string, bytes, bool, uint32, uint64, double }: FieldRules): string | undefined {
  if (typeof value === "boolean") return bool?.const !== undefined && bool.const !== value ? `value must equal ${bool.const}` : undefined;
  if (typeof value === "string" && string) return stringProblem(value, string);
  if (typeof value === "string" && bytes) return bytesProblem(value, bytes);
  const limits = uint32 ?? uint64 ?? double;
  return limits ? rangeProblem(Number(value), limits, Number) : undefined;
}

const msOf = (text: number | string): number => durationMs(String(text)) ?? 0;

const durationProblem = (value: unknown, limits: Limits | undefined): string | undefined => (limits ? rangeProblem(msOf(String(value)), limits, msOf) : undefined);

/** `of` reads a limit as a number. */
function rangeProblem(value: number, { gt, gte, lt, lte }: Limits, of: (limit: number | string) => number): string | undefined {
  // Limits the wrong way round leave out what is between them.
  if (gte !== undefined && lte !== undefined && of(gte) > of(lte)) return value > of(lte) && value < of(gte) ? `value must be outside range (${lte}, ${gte})` : undefined;
  const isLow = (gt !== undefined && value <= of(gt)) || (gte !== undefined && value < of(gte));
  const isHigh = (lt !== undefined && value >= of(lt)) || (lte !== undefined && value > of(lte));
  if (!isLow && !isHigh) return undefined;
  const [least, most] = [gt ?? gte, lt ?? lte];
  if (least !== undefined && most !== undefined) return `value must be inside range ${gt === undefined ? "[" : "("}${least}, ${most}${lt === undefined ? "]" : ")"}`;
  if (least !== undefined) return `value must be greater than ${gt === undefined ? "or equal to " : ""}${least}`;
  return `value must be less than ${lt === undefined ? "or equal to " : ""}${most}`;
}

/** Of HTTP headers; `strict: false` only keeps lines apart. */
const headerPatterns: Readonly<Record<string, readonly [strict: string, loose: string]>> = {
  HTTP_HEADER_NAME: ["^:?[0-9a-zA-Z!#$%&'*+-.^_|~`]+$", String.raw`^[^\x00\n\r]*$`],
  HTTP_HEADER_VALUE: [String.raw`^[^\x00-\b\n-\x1f\x7f]*$`, String.raw`^[^\x00\n\r]*$`],
};

function stringProblem(text: string, rules: FieldRules["string"]): string | undefined {
  const { minLen, maxBytes, wellKnownRegex, strict = true, pattern, in: allowed } = rules ?? {};
  if (minLen !== undefined && Array.from(text).length < Number(minLen)) return `value length must be at least ${minLen} runes`;
  if (maxBytes !== undefined && Buffer.byteLength(text) > Number(maxBytes)) return `value length must be at most ${maxBytes} bytes`;
  // Header names that may be left out are marked so in the schema; the mark has no place in the rules.
  const header = text === "" ? undefined : headerPatterns[wellKnownRegex ?? ""]?.[strict ? 0 : 1];
  const broken = [header, pattern].find((it) => it !== undefined && !new RegExp(it).test(text));
  if (broken !== undefined) return `value does not match regex pattern "${broken}"`;
  return allowed && !allowed.includes(text) ? `value must be in list [${allowed.join(" ")}]` : undefined;
}

function bytesProblem(text: string, { minLen, maxLen }: NonNullable<FieldRules["bytes"]>): string | undefined {
  const length = Buffer.from(text, "base64").length;
  if (minLen !== undefined && maxLen !== undefined && (length < Number(minLen) || length > Number(maxLen))) return `value length must be between ${minLen} and ${maxLen} bytes, inclusive`;
  return undefined;
}
