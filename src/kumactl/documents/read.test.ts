// Documents of `apply` and their variables.
import { expect, test } from "vitest";
import { fillIn, nestedVariables, splitDocuments } from "./read.ts";

test.each([
  ["---\na: 1\n---\n# nothing\n---\nb: 2\n", ["a: 1", "b: 2"]],
  ["# who\n# what\na: 1\n", ["# who\n# what\na: 1"]],
  ["a: x---y\n--- b: 1\n---\n", ["a: x---y", "b: 1"]],
  // The mark takes the blank lines around it, and with them the next mark's line.
  ["a: 1\n---\n\n---\nb: 2", ["a: 1", "---\nb: 2"]],
] as const)("%j has the documents %j", (text, documents) => {
  expect(splitDocuments(text)).toEqual(documents.map((it, index) => ({ index, text: it })));
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
