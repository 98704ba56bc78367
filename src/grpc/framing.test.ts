import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { chunksOf, frameOf, FrameReader, FramingError } from "./framing.ts";

const text = (messages: readonly Buffer[]) => messages.map((it) => it.toString());

test("messages come out whole, however the bytes are cut", () => {
  const bytes = Buffer.concat(["one", "", "three"].map((it) => frameOf([Buffer.from(it)])));
  for (let size = 1; size <= bytes.byteLength; size++) {
    const reader = new FrameReader(100);
    const messages: Buffer[] = [];
    for (let at = 0; at < bytes.byteLength; at += size) messages.push(...reader.read(bytes.subarray(at, at + size)));
    expect(text(messages)).toEqual(["one", "", "three"]);
    expect(reader.held).toBe(0);
  }
});

test("several messages in parts, small and large, are the same bytes as one after the other", () => {
  const [small, large] = [Buffer.from("small"), Buffer.alloc(10_000, "x")];
  const messages = [[small, small], [], [large, small], [small, large, large]];
  expect(Buffer.concat(chunksOf(messages))).toEqual(Buffer.concat(messages.map((it) => frameOf(it))));
});

test("messages handed out are not overwritten by what comes later", () => {
  const reader = new FrameReader(100);
  const bytes = Buffer.concat([frameOf([Buffer.from("first")]), frameOf([Buffer.from("other")])]);
  reader.read(bytes.subarray(0, 3));
  const [first] = reader.read(bytes.subarray(3, 12));
  reader.read(bytes.subarray(12));
  expect(first?.toString()).toBe("first");
});

test("a large message in tiny pieces costs a copy per byte, not per piece", () => {
  const reader = new FrameReader(4_000_000);
  const frame = frameOf([Buffer.alloc(2_000_000)]);
  let count = 0;
  for (let at = 0; at < frame.byteLength; at += 64) count += reader.read(frame.subarray(at, at + 64)).length;
  expect(count).toBe(1);
  // Copying all that is held for each piece took 30 s here: the time limit is the check.
}, 15_000);

test("a declared size above the limit is refused by its first five bytes", () => {
  expect(() => new FrameReader(10).read(Buffer.from([0, 0, 0, 0, 11]))).toThrow("received message larger than max (11 vs. 10)");
});

test("a compressed message may not inflate beyond the limit", () => {
  const bomb = gzipSync(Buffer.alloc(1_000_000));
  const frame = frameOf([bomb]);
  frame[0] = 1;
  expect(() => new FrameReader(100_000).read(frame)).toThrow(FramingError);
});
