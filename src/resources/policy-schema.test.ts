import { expect, test } from "vitest";
import { mergeConfs } from "./merge-confs.ts";
import { spiffeProblem } from "./policy-match.ts";
import { decimalOf, durationField, durationMs } from "./policy-schema.ts";

test("a duration is stored the way Go prints it", () => {
  expect(durationField.parse("60s")).toBe("1m0s");
  expect(durationField.parse("1500ms")).toBe("1.5s");
  expect(durationMs("1m30s")).toBe(90_000);
});

test.each([["1x", 'time: unknown unit "x" in duration "1x"'], ["1", 'time: missing unit in duration "1"'], ["", 'time: invalid duration ""']])("%j is no duration", (text, message) => {
  expect(durationField.safeParse(text).error?.issues[0]?.message).toBe(message);
});

test("a decimal is an integer or text", () => {
  expect([decimalOf(5), decimalOf("12.5"), decimalOf("-1.0"), decimalOf("abc")]).toEqual([5, 12.5, -1, undefined]);
});

test("later confs win field by field, arrays are replaced", () => {
  expect(mergeConfs([{ a: 1, http: { x: 1, list: [1, 2] } }, { http: { y: 2, list: [3] } }])).toEqual({ a: 1, http: { x: 1, y: 2, list: [3] } });
});

test("arrays named append grow, at any depth", () => {
  expect(mergeConfs([{ s: { appendMatch: [1] } }, { s: { appendMatch: [2] } }])).toEqual({ s: { appendMatch: [1, 2] } });
});

test("merging changes no input", () => {
  const first = { http: { x: 1 } };
  mergeConfs([first, { http: { x: 2 } }]);
  expect(first).toEqual({ http: { x: 1 } });
});

test.each([
  ["spiffe://a/b", undefined],
  ["http://a", "scheme is missing or invalid"],
  ["spiffe://a/", "path cannot have a trailing slash"],
  ["spiffe://a/b//c", "path cannot contain empty segments"],
  ["spiffe:///b", "trust domain is missing"],
])("SPIFFE id %s: %s", (id, problem) => {
  expect(spiffeProblem(id)).toBe(problem);
});
