// Values of flags.
import { expect, test } from "vitest";
import { readFlag, splitCsv, type Flag } from "./flags.ts";

const flag = (type: Flag["type"], short?: string): Flag => ({ name: "x", type, help: "", ...(short ? { short } : {}) });

test("a map grows with every occurrence", () => {
  const first = readFlag(flag("map"), "a=1", undefined);
  expect(readFlag(flag("map"), "b=2,c=3", first)).toEqual(new Map([["a", "1"], ["b", "2"], ["c", "3"]]));
});

test("quotes keep the commas of a value", () => {
  expect(readFlag(flag("map"), '"kuma.io/service=web,api"', undefined)).toEqual(new Map([["kuma.io/service", "web,api"]]));
});

test("a pair without an equals sign is refused by the words that scripts know", () => {
  expect(() => readFlag(flag("map"), "ab", undefined)).toThrow('invalid argument "ab" for "--x" flag: ab must be formatted as key=value');
});

test("the short name is named too", () => {
  expect(() => readFlag(flag("int", "s"), "q", undefined)).toThrow('for "-s, --x" flag: strconv.ParseInt: parsing "q": invalid syntax');
});

test("durations are milliseconds", () => {
  expect(readFlag(flag("duration"), "1h30m", undefined)).toBe(5_400_000);
});

test.each([["", []], ["a", ["a"]], ["a,b", ["a", "b"]], ["a,", ["a", ""]], ['"a,b",c', ["a,b", "c"]], ['"a""b"', ['a"b']]])("%j is split", (line, values) => {
  expect(splitCsv(line)).toEqual(values);
});
