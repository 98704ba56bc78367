// What counts as a body, and what is refused although a lenient parser would take it.
import { expect, test } from "vitest";
import { readJson } from "./json-body.ts";

const read = (body: string | Buffer) => {
  const it = readJson(Buffer.from(body));
  return it.is === "json" ? it.value : it.reason;
};

test("plain JSON is read", () => {
  expect(read('{"a":{"b":[{"c":1},{"c":2}]},"b":"a, \\"b\\": {","c":null}')).toEqual({ a: { b: [{ c: 1 }, { c: 2 }] }, b: 'a, "b": {', c: null });
  expect(read(' [1, "x", {"x": 1}] ')).toEqual([1, "x", { x: 1 }]);
});
test.each([
  ['{"spec":{"a":1},"spec":{}}', "spec"],
  ['{"a":[{"b":{"c":1,"d":2,"c":3}}]}', "c"],
  ['{"a":1,"\\u0061":2}', "a"],
  ['{"":1,"":2}', ""],
])("a key that is given twice: %s", (text, key) => expect(read(text)).toBe(`key ${JSON.stringify(key)} is given twice`));
test("equal keys in different objects are no matter", () => {
  expect(read('{"a":{"a":1},"b":{"a":1},"c":[{"a":1},{"a":1}]}')).toMatchObject({ a: { a: 1 } });
});
test("bytes that are no UTF-8 are not repaired", () => {
  expect(read(Buffer.from('{"a":"\xff"}', "latin1"))).toBe("the body is not UTF-8");
  expect(read(Buffer.from([0xff, 0xfe, 0x7b, 0x00]))).toBe("the body is not UTF-8");
  expect(read(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toBe("the body is not UTF-8");
});
test.each(["", " ", "{", '{"a":', '["x"'])("a text that ends too early: %j", (text) => expect(read(text)).toBe("unexpected end of JSON input"));
test("a long body is read without going over it again and again: the time limit is the check", () => {
  const text = JSON.stringify({ items: Array.from({ length: 50_000 }, (_, index) => ({ [`key-${index}`]: `value "${index}"`, other: [index] })) });
  expect(read(text)).toEqual(JSON.parse(text));
}, 15_000);
