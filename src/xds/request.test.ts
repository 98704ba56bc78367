// Requests read by hand say what the generated code reads.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import { DiscoveryRequestSchema } from "#gen/envoy/service/discovery/v3/discovery_pb.js";
import { readDiscoveryRequest } from "./request.ts";

const request = create(DiscoveryRequestSchema, {
  versionInfo: "3", typeUrl: "type.googleapis.com/envoy.config.cluster.v3.Cluster", responseNonce: "7", resourceNames: ["a", "", "größe"],
  errorDetail: { code: 13, message: "no such cluster" }, resourceLocators: [{ name: "unused" }],
  node: { id: "default.web-1", cluster: "web", metadata: { features: ["one"] }, locality: { zone: "east" } },
});
const bytes = toBinary(DiscoveryRequestSchema, request);

test("every field that is used reads as it was written", () => {
  const read = readDiscoveryRequest(bytes);
  expect(read).toMatchObject({ typeUrl: request.typeUrl, nonce: "7", names: ["a", "", "größe"], error: { message: "no such cluster" }, node: { id: "default.web-1" } });
  expect(read.node?.decode()).toEqual(request.node);
});

test("a request without a node or an error has none", () => {
  expect(readDiscoveryRequest(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { typeUrl: "t" })))).toEqual({ typeUrl: "t", nonce: "", names: [], error: undefined, node: undefined });
});

test("a node given in two parts is one", () => {
  const [first, second] = [{ id: "default.web-1" }, { cluster: "web" }].map((node) => toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { node })));
  const { node } = readDiscoveryRequest(Buffer.concat([first ?? Buffer.of(), second ?? Buffer.of()]));
  expect(node?.decode()).toMatchObject({ id: "default.web-1", cluster: "web" });
});

test("what is not UTF-8 is refused wherever it stands; the mark for it is a letter like any other", () => {
  const text = [2, 0x61, 0xff];
  for (const field of [3, 4, 5]) expect(() => readDiscoveryRequest(Buffer.from([(field << 3) | 2, ...text]))).toThrow("utf-8");
  expect(() => readDiscoveryRequest(Buffer.from([(2 << 3) | 2, 4, 0x0a, ...text]))).toThrow("utf-8");
  const marked = toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { typeUrl: "\ufeffa\ufffd" }));
  expect(readDiscoveryRequest(marked).typeUrl).toBe("\ufeffa\ufffd");
});

/** Fields nobody reads are not looked into, and a known field of another wire type is an unknown one: the generated code differs there. */
test("messages of any texts, in any order, repeated, among unknown fields, cut anywhere: read, or refused, as the generated code does", () => {
  const next = seeded(7);
  const outcomes = { read: 0, refused: 0 };
  for (let round = 0; round < 20_000; round++) {
    const whole = anyMessage(next);
    const message = next() % 4 === 0 ? whole.subarray(0, next() % (whole.length + 1)) : whole;
    const theirs = attempt(() => generated(message));
    expect(attempt(() => ownOf(message)), Buffer.from(message).toString("hex")).toEqual(theirs);
    outcomes[theirs === "refused" ? "refused" : "read"]++;
  }
  expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(1000);
});

function anyMessage(next: () => number): Uint8Array {
  const writer = new BinaryWriter();
  const letters = [0x61, 0x62, 0xc3, 0xb6, 0xef, 0xbf, 0xbd, next() % 8 === 0 ? 0xff : 0x63];
  const text = () => (next() % 5 === 0 ? Buffer.from(Array.from({ length: next() % 6 }, () => letters[next() % letters.length] ?? 0)) : Buffer.from("größe\ufffd"));
  const write = [
    () => writer.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).bytes(text()).tag(2, WireType.LengthDelimited).bytes(text()).join(),
    () => writer.tag(3, WireType.LengthDelimited).bytes(text()),
    () => writer.tag(4, WireType.LengthDelimited).bytes(text()),
    () => writer.tag(5, WireType.LengthDelimited).bytes(text()),
    () => writer.tag(6, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(13).tag(2, WireType.LengthDelimited).bytes(text()).join(),
    () => writer.tag(20, WireType.Varint).uint32(next()),
    () => writer.tag(21, WireType.LengthDelimited).bytes(text()),
    () => writer.tag(22, WireType.Bit64).fixed64(7),
  ];
  for (let count = next() % 7; count > 0; count--) write[next() % write.length]?.();
  return writer.finish();
}

function attempt<T>(read: () => T): T | "refused" {
  try {
    return read();
  } catch {
    return "refused";
  }
}

function generated(message: Uint8Array) {
  const { typeUrl, resourceNames: names, responseNonce: nonce, errorDetail, node } = fromBinary(DiscoveryRequestSchema, message);
  return { typeUrl, names, nonce, error: errorDetail?.message, node };
}

function ownOf(message: Uint8Array) {
  const { typeUrl, names, nonce, error, node } = readDiscoveryRequest(message);
  return { typeUrl, names, nonce, error: error?.message, node: node?.decode() };
}

/** Linear congruence: the same numbers every time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
}
