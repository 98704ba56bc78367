// Durations for Envoy, exact to the nanosecond: users may write 1.137ms, and binary fractions of a millisecond are no whole nanoseconds.
import { create } from "@bufbuild/protobuf";
import { DurationSchema, type Duration } from "@bufbuild/protobuf/wkt";

export function protoDuration(ms: number): Duration {
  const nanos = Math.round(ms * 1e6);
  const seconds = Math.trunc(nanos / 1e9);
  return create(DurationSchema, { seconds: BigInt(seconds), nanos: nanos - seconds * 1e9 });
}
