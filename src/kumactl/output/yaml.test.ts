// YAML as Kuma's tools write it.
import { expect, test } from "vitest";
import { printYaml } from "./yaml.ts";

test("keys are sorted and lists stand below their key without indentation", () => {
  expect(printYaml({ b: [{ z: 1, a: [true, null] }], a: {} })).toBe("a: {}\nb:\n- a:\n  - true\n  - null\n  z: 1\n");
});

test("digits in keys count as numbers", () => {
  expect(printYaml({ a10: 1, a2: 1 })).toBe("a2: 1\na10: 1\n");
});

test.each(["1", "1e3", "true", "y", "off", "null", "", "2020-01-01", "12:30:45", "0x1f", "1_000"])("the text %j is quoted, for it would mean something else", (text) => {
  expect(printYaml({ a: text })).toBe(`a: ${JSON.stringify(text)}\n`);
});

test.each(["a: b", "- a", "*", " lead", "trail ", "a #b", "@x", "a:"])("the text %j is put in single quotes", (text) => {
  expect(printYaml({ a: text })).toBe(`a: '${text}'\n`);
});

test.each(["it's", "a,b [c] {d}", "-x", "?x", "é☃", "<<", "=", "12-3"])("the text %j needs no quotes", (text) => {
  expect(printYaml({ a: text })).toBe(`a: ${text}\n`);
});

test("several lines become a literal block", () => {
  expect(printYaml({ a: "x\ny", b: "x\n" })).toBe("a: |-\n  x\n  y\nb: |\n  x\n");
});

test("a long text continues behind column 80", () => {
  const text = `${"word ".repeat(17)}end`;
  expect(printYaml({ a: text })).toBe(`a: ${"word ".repeat(16).trimEnd()}\n  word end\n`);
});
