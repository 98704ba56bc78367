// Patches of documents.
import { expect, test } from "vitest";
import { jsonPatch } from "./json-patch.ts";

test("what is replaced is tested, removed and added", () => {
  expect(jsonPatch({ a: 1, b: 2 }, { a: 3, b: 2 })).toEqual([
    { op: "test", path: "/a", value: 1 },
    { op: "remove", path: "/a", value: 1 },
    { op: "add", path: "/a", value: 3 },
  ]);
});

test("keys are escaped", () => {
  expect(jsonPatch({}, { "a/b~c": 1 })).toEqual([{ op: "add", path: "/a~1b~0c", value: 1 }]);
});

test("elements that stay are not touched", () => {
  expect(jsonPatch(["a", "c"], ["a", "b", "c", "d"])).toEqual([
    { op: "add", path: "/1", value: "b" },
    { op: "add", path: "/3", value: "d" },
  ]);
});

test("an element that changed is changed inside", () => {
  expect(jsonPatch([{ a: 1 }], [{ a: 1, b: 2 }, { c: 3 }])).toEqual([
    { op: "add", path: "/0/b", value: 2 },
    { op: "add", path: "/1", value: { c: 3 } },
  ]);
});

test("equal documents differ in nothing", () => {
  expect(jsonPatch({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toEqual([]);
});
