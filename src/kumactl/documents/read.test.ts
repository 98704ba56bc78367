// Documents of `apply` and their variables.
import { expect, test } from "vitest";
import { fillIn, nestedVariables, splitDocuments } from "./read.ts";

test("empty documents count in the index and are passed over", () => {
  expect(splitDocuments("a: 1\n---\n\n---\nb: 2\n").map((it) => it.index)).toEqual([0, 2]);
});

test("a comment in the first line is dropped", () => {
  expect(splitDocuments("# who\na: 1\n")).toEqual([{ index: 0, text: "a: 1" }]);
});

test("three dashes inside a line divide nothing", () => {
  expect(splitDocuments("a: x---y\n---z: 1\n")).toHaveLength(1);
});

test("dotted variables are nested", () => {
  expect(JSON.stringify(nestedVariables(new Map([["a.b", "1"], ["a.c", "2"], ["d", "3"]])))).toBe('{"a":{"b":"1","c":"2"},"d":"3"}');
});

test("variables are filled in, and escaped as the reference does", async () => {
  expect(await fillIn("{{a.b}} {{{a.b}}} {{none}}", new Map([["a.b", "<x>"]]))).toBe("&lt;x&gt; <x> ");
});

test("without variables braces stay", async () => {
  expect(await fillIn("{{ x }}", new Map())).toBe("{{ x }}");
});

test("a variable named like a property of all objects does no harm", async () => {
  expect(await fillIn("{{__proto__.x}}{{constructor.name}}{{a}}", new Map([["a", "1"]]))).toBe("1");
});
