// Compact values read the same, share what is equal, and cost what is left.
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { DataplaneSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { DataplaneInsightSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import { compactor } from "./compact.ts";

const dataplane = (address: string) => create(DataplaneSchema, { networking: { address, inbound: [{ port: 80, tags: { "kuma.io/service": "web" } }] } });

test("a compact message reads the same, on the wire too", () => {
  const message = dataplane("10.0.0.1");
  const compacted = compactor()(message);
  expect(compacted).toStrictEqual(message);
  expect(toBinary(DataplaneSchema, compacted)).toEqual(toBinary(DataplaneSchema, message));
});
test("numbers beyond JSON's and bytes stay what they are", () => {
  const insight = create(DataplaneInsightSchema, { subscriptions: [{ id: "1", connectTime: timestampFromMs(1_700_000_000_123), generation: 7 }] });
  expect(compactor()(insight)).toStrictEqual(insight);
  const bytes = new Uint8Array([1, 2]);
  expect(compactor()({ bytes }).bytes).toBe(bytes);
});
test("equal maps and empty fields are one object, and cannot be changed for all by one", () => {
  const compact = compactor();
  const [one, other] = [compact(dataplane("10.0.0.1")), compact(dataplane("10.0.0.2"))];
  expect(one.networking?.inbound[0]?.tags).toBe(other.networking?.inbound[0]?.tags);
  expect(one.networking?.outbound).toBe(other.networking?.outbound);
  expect(Object.isFrozen(one.networking?.inbound[0]?.tags)).toBe(true);
  expect(Object.isFrozen(one.networking?.outbound)).toBe(true);
});
test("maps that differ in order only stay two: both print as they were written", () => {
  const compact = compactor();
  compact({ b: "2", a: "1" });
  expect(Object.keys(compact({ a: "1", b: "2" }))).toEqual(["a", "b"]);
});
test("what is seen again and again stays one through any number of others", () => {
  const compact = compactor();
  const first = compact({ zone: "a" });
  for (let at = 0; at < 20_000; at++) {
    compact({ name: `x-${at}` });
    if (at % 1000 === 0) compact({ zone: "a" });
  }
  expect(compact({ zone: "a" })).toBe(first);
});
test("a key that would change what an object is made of changes nothing", () => {
  const value = JSON.parse('{"__proto__":{"polluted":"yes"},"a":[]}') as object;
  expect(Object.keys(compactor()(value))).toEqual(["__proto__", "a"]);
});
test("compact objects are objects like any other", () => {
  const compacted = compactor()({ $typeName: "a", port: 80, inner: { list: [1] } });
  expect(Object.getPrototypeOf(compacted)).toBe(Object.prototype);
  expect(compacted.constructor).toBe(Object);
  expect(Object.keys(compacted)).toEqual(["$typeName", "port", "inner"]);
});
test("maps are told apart whatever is in them, and long ones are not remembered", () => {
  const compact = compactor();
  expect(compact({ a: "1\0b\x002" })).toEqual({ a: "1\0b\x002" });
  expect(compact({ a: "1", b: "2" })).toEqual({ a: "1", b: "2" });
  const long = { config: "x".repeat(300) };
  expect(compact({ ...long })).toEqual(long);
  expect(compact({ ...long })).not.toBe(compact({ ...long }));
});
