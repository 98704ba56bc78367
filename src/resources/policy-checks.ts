// Checks that many policies make on a field: ranges, durations, counts. Each returns violations with the texts of the reference.
import { violation, type Violation } from "./failure.ts";
import { decimalOf, durationMs, type IntOrString } from "./policy-schema.ts";

const one = (isWrong: boolean, field: string, message: string): Violation[] => (isWrong ? [violation(field, message)] : []);

export const positiveDuration = (field: string, value: string | undefined): Violation[] =>
  one(value !== undefined && durationMs(value) <= 0, field, "must be greater than zero when defined");

export const nonNegativeDuration = (field: string, value: string | undefined): Violation[] =>
  one(value !== undefined && durationMs(value) < 0, field, "must not be negative when defined");

export const requiredPositiveDuration = (field: string, value: string | undefined): Violation[] =>
  one(value === undefined || durationMs(value) <= 0, field, "must be defined and greater than zero");

export const positiveCount = (field: string, value: number | undefined): Violation[] => one(value !== undefined && value <= 0, field, "must be greater than 0");

export const percentInt = (field: string, value: number | undefined): Violation[] =>
  one(value !== undefined && (value < 0 || value > 100), field, "must be in inclusive range [0, 100]");

/** 0 to 100, as integer or decimal text. */
export function percentDecimal(field: string, value: IntOrString | undefined): Violation[] {
  if (value === undefined) return [];
  const number = decimalOf(value);
  if (number === undefined) return [violation(field, "string must be a valid number")];
  return one(number < 0 || number > 100, field, "must be in inclusive range [0.0, 100.0]");
}

export function positiveDecimal(field: string, value: IntOrString | undefined): Violation[] {
  if (value === undefined) return [];
  const number = decimalOf(value);
  if (number === undefined) return [violation(field, "invalid number")];
  return one(number <= 0, field, "must be greater than 0");
}

/** `spec.to` items: their references and confs, in the order in which the reference reports them. */
export function eachItem<T>(path: string, items: readonly T[] | undefined, check: (path: string, item: T, index: number) => readonly Violation[]): Violation[] {
  return (items ?? []).flatMap((item, index) => check(`${path}[${index}]`, item, index));
}

/** `rules` excludes `to` and `from`; one of the three has to be there. */
export function validateSections(spec: { readonly to?: readonly unknown[] | undefined; readonly from?: readonly unknown[] | undefined; readonly rules?: readonly unknown[] | undefined }): Violation[] {
  const [to, from, rules] = [spec.to?.length ?? 0, spec.from?.length ?? 0, spec.rules?.length ?? 0];
  if (rules > 0 && (to > 0 || from > 0)) return [violation("spec", "fields 'to' and 'from' must be empty when 'rules' is defined")];
  return one(to + from + rules === 0, "spec", "at least one of 'from', 'to' or 'rules' has to be defined");
}
