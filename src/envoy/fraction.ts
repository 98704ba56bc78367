// Per cent as Envoy counts it: out of a hundred, of ten thousand, of a million.
import { FractionalPercent_DenominatorType as Denominator } from "#gen/envoy/type/v3/percent_pb.js";

export interface Fraction {
  readonly numerator: number;
  readonly denominator: Denominator;
}

/** The coarsest that holds the number as a binary one: 2.55 is not exactly 255 hundredths. Envoy knows four decimals at most. */
export function fractionOf(percentage: number | string): Fraction {
  const value = Number(percentage);
  if (Number.isInteger(value)) return { numerator: value, denominator: Denominator.HUNDRED };
  if (Number.isInteger(value * 100)) return { numerator: value * 100, denominator: Denominator.TEN_THOUSAND };
  return { numerator: Math.round(value * 10_000), denominator: Denominator.MILLION };
}
