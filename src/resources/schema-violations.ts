// What a schema says against a document, in the words and paths that Kuma's clients know, in the order of the document.
import type { z } from "zod";
import { violation, type Violation } from "./failure.ts";
import { isObject } from "./flat-json.ts";

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** Issues of a schema over a whole resource document, as violations. */
export function schemaViolations(document: unknown, issues: readonly Issue[]): readonly Violation[] {
  const placed = withoutFollowers(issues).map((issue) => ({ issue, place: placeOf(document, issue.path) }));
  const ordered = placed.toSorted((a, b) => comparePlaces(a.place, b.place));
  return ordered.flatMap(({ issue }) => sentences(document, issue)).map(toViolation);
}

/** What is too short or too long is not matched against a pattern as well. */
function withoutFollowers(issues: readonly Issue[]): readonly Issue[] {
  const measured = new Set(issues.filter((it) => (it.code === "too_small" || it.code === "too_big") && it.origin === "string").map((it) => pathText(it.path)));
  // A text where a list is wanted has no length either.
  const misplaced = new Set(issues.filter((it) => it.code === "invalid_type" && it.expected === "array").map((it) => pathText(it.path)));
  return issues.filter((it) => {
    if (it.code === "invalid_format") return !measured.has(pathText(it.path));
    return (it.code !== "too_small" && it.code !== "too_big") || !misplaced.has(pathText(it.path));
  });
}

/** Kuma splits a sentence about the spec into field and reason; any other has no field. */
function toViolation(sentence: string | Violation): Violation {
  if (typeof sentence !== "string") return sentence;
  const match = /^(spec\.\S+) ([\s\S]*)$/.exec(sentence);
  return match ? violation(match[1] ?? "", match[2] ?? "") : violation("", sentence);
}

function sentences(document: unknown, issue: Issue): readonly (string | Violation)[] {
  const path = pathText(issue.path);
  const value = valueAt(document, issue.path);
  // Kuma writes a dot in front of what is missing at the top.
  if (value === undefined && issue.code !== "custom") return [`${issue.path.length === 1 ? "." : ""}${path} in body is required`];
  switch (issue.code) {
    case "invalid_type":
      // The reference has no name for what these are where it wants an integer.
      if (schemaTypes[issue.expected] === "integer" && (typeof value === "boolean" || isObject(value))) return [`${path} in body must be of type int32: ""`];
      return wrongType(path, value, issue.expected);
    case "invalid_value":
      return [...(typeof value === typeof issue.values[0] ? [] : wrongType(path, value, typeof issue.values[0])), `${path} in body should be one of [${issue.values.map(String).join(" ")}]`];
    case "not_multiple_of":
      return notWhole(path);
    case "too_small":
      return [tooSmall(path, issue)];
    case "too_big":
      return [tooBig(path, issue), ...(issue.origin !== "string" && issue.origin !== "array" && Number(issue.maximum) < 2 ** 31 - 1 && Number(value) >= 2 ** 31 ? [`Checked value must be of type integer with format int32 in ${path}`] : [])];
    case "invalid_format":
      if (issue.format === "base64") return [`${path} in body must be of type byte: ${JSON.stringify(value)}`];
      return [`${path} in body should match '${(issue.pattern ?? issue.format).replace(/^\/|\/$/g, "")}'`];
    case "invalid_union": {
      const inner = issue.errors[0]?.[0];
      const whole = [...issue.path, ...(inner?.path ?? [])];
      const anyOf = `"${path}" must validate at least one schema (anyOf)`;
      if (typeof value === "number" && !Number.isInteger(value)) return [anyOf, ...notWhole(path)];
      if (inner?.code === "invalid_type") return [anyOf, ...wrongType(pathText(whole), valueAt(document, whole), inner.expected)];
      return [anyOf, ...(inner ? sentences(document, { ...inner, path: whole } as Issue) : [])];
    }
    case "custom":
      return [violation(path, issue.message)];
    default:
      return [`${path} in body ${issue.message}`];
  }
}

// No schema of ours has fractions: an integer is meant wherever a number is.
const schemaTypes: Readonly<Record<string, string>> = { int: "integer", number: "integer", record: "object", map: "object" };

function wrongType(path: string, value: unknown, expected: string): readonly string[] {
  if (expected === "int" && typeof value === "number") return [`${path} in body must be of type int32: "float64"`, `Checked value must be of type integer with format int32 in ${path}`];
  return [`${path} in body must be of type ${schemaTypes[expected] ?? expected}: "${typeName(value)}"`];
}

const notWhole = (path: string): readonly string[] => [`${path} in body must be of type integer: "number"`, `Checked value must be of type integer (default format) in ${path}`];

function tooSmall(path: string, issue: z.core.$ZodIssueTooSmall): string {
  if (issue.origin === "string") return `${path} in body should be at least ${issue.minimum} chars long`;
  if (issue.origin === "array") return `${path} in body should have at least ${issue.minimum} items`;
  if (Number(issue.minimum) <= -(2 ** 31)) return `Checked value must be of type integer with format int32 in ${path}`;
  return `${path} in body should be greater than ${issue.inclusive ? "or equal to " : ""}${issue.minimum}`;
}

function tooBig(path: string, issue: z.core.$ZodIssueTooBig): string {
  if (issue.origin === "string") return `${path} in body should be at most ${issue.maximum} chars long`;
  if (issue.origin === "array") return `${path} in body should have at most ${issue.maximum} items`;
  if (Number(issue.maximum) >= 2 ** 31 - 1) return `Checked value must be of type integer with format int32 in ${path}`;
  return `${path} in body should be less than ${issue.inclusive ? "or equal to " : ""}${issue.maximum}`;
}

const typeName = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

const pathText = (path: Path): string => path.map((part, at) => (typeof part === "number" ? `[${part}]` : `${at > 0 ? "." : ""}${String(part)}`)).join("");

function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const part of path) {
    if (Array.isArray(value)) value = value[Number(part)];
    else if (isObject(value) && Object.hasOwn(value, part)) value = value[String(part)];
    else return undefined;
  }
  return value;
}

/** Positions of a path's parts among their siblings; what is missing comes after what is there. */
function placeOf(document: unknown, path: Path): readonly number[] {
  let value = document;
  return path.map((part) => {
    const at = Array.isArray(value) ? Number(part) : isObject(value) ? Object.keys(value).indexOf(String(part)) : -1;
    value = valueAt(value, [part]);
    return at < 0 ? Number.MAX_SAFE_INTEGER : at;
  });
}

function comparePlaces(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
