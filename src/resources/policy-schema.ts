// Field types that policy schemas share: Go durations, integers, decimal-or-integer values, headers.
import { durationProblem, formatDuration, parseDuration } from "#platform";
import { z } from "zod";

/** A Go duration, stored the way Go prints it: "60s" becomes "1m0s". */
export const durationField = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined) return formatDuration(ms);
  // The reference fails here while decoding, after its schema check: `isDecodeError` lets the parser answer "bad request".
  context.addIssue({ code: "custom", message: durationProblem(text), params: { isDecodeError: true } });
  return z.NEVER;
});

/** Milliseconds of a checked duration field; undefined stays undefined. */
export function durationMs(text: string): number;
export function durationMs(text: string | undefined): number | undefined;
export function durationMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : (parseDuration(text) ?? 0);
}

export const int32Field = z.int().min(-2_147_483_648).max(2_147_483_647);
/** A count; the schema of the reference says int32, its decoder refuses negative values, and so its words are a decoder's. */
export const uint32Field = int32Field
  .superRefine((value, context) => {
    if (value < 0) context.addIssue({ code: "custom", message: `json: cannot unmarshal number ${value} into Go struct field`, params: { isDecodeError: true, goType: "uint32" } });
  })
  .meta({ minimum: 0 });
/** An integer of no named size: a fraction is refused in other words than those of an int32. */
export const wholeNumber = z.number().multipleOf(1);
export const portField = z.int().min(1).max(65_535);

/** An integer, or a decimal as text ("12.5"); meaning is checked by `decimalOf`. */
export const intOrString = z.union([int32Field, z.string()]);
export type IntOrString = z.infer<typeof intOrString>;

/** The number in an integer-or-decimal field, or undefined when the text is none. */
export function decimalOf(value: IntOrString): number | undefined {
  if (typeof value === "number") return value;
  return /^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(value) ? Number(value) : undefined;
}

const headerNamePattern = /^[a-z0-9!#$%&'*+\-.^_\x60|~]+$/;
export const headerName = z.string().min(1).max(256).regex(headerNamePattern);
/** A host name in lower case without port. */
export const hostnameField = z.string().min(1).max(253).regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);

const headerValue = z.object({ name: headerName, value: z.string() });
export type HeaderValue = z.infer<typeof headerValue>;
export const headerValues = z.array(headerValue).max(16);

export const headerModifier = z.object({
  set: headerValues.optional(),
  add: headerValues.optional(),
  remove: z.array(z.string()).max(16).optional(),
});
export type HeaderModifier = z.infer<typeof headerModifier>;

export const headerMatch = z.object({
  type: z.enum(["Exact", "Present", "RegularExpression", "Absent", "Prefix"]).default("Exact"),
  name: headerName,
  value: z.string().optional(),
});
export type HeaderMatch = z.infer<typeof headerMatch>;

const condition = z.object({ type: z.string(), status: z.enum(["True", "False", "Unknown"]), reason: z.string(), message: z.string() });
/** Status of the policies that report whether their backends resolve. */
export const conditionsStatus = z.object({ conditions: z.array(condition).optional() });
