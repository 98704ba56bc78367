// Checks that several older policies make on a field of their conf.
import { violation, type Violation } from "../../failure.ts";

/** A duration or a timestamp as protobuf holds it. */
export interface Span {
  readonly seconds: bigint;
  readonly nanos: number;
}

export const when = (isWrong: boolean, field: string, message: string): readonly Violation[] => (isWrong ? [violation(field, message)] : []);
export const isPositive = (span: Span): boolean => span.seconds > 0n || (span.seconds === 0n && span.nanos > 0);
const isZero = (span: Span): boolean => span.seconds === 0n && span.nanos === 0;

/** Zero is refused; the reference lets negative ones pass, so do we. */
export const notZero = (field: string, span: Span | undefined, message: string): readonly Violation[] => when(span !== undefined && isZero(span), field, message);

export const percentage = (field: string, value: number | undefined): readonly Violation[] =>
  when(value !== undefined && (value < 0 || value > 100), field, "has to be in [0.0 - 100.0] range");

export const notEmpty = (field: string, value: unknown): readonly Violation[] => when(value === undefined || value === "", field, "cannot be empty");
