// Tables and ages.
import { expect, test } from "vitest";
import { age, table } from "./table.ts";

const now = Date.parse("2026-06-15T12:00:00Z");
const before = (seconds: number) => age(new Date(now - seconds * 1000).toISOString(), now);

test("columns are as wide as their longest cell and three spaces, the last one is not padded", () => {
  expect(table(["A", "LONG", "C"], [["xxx", "y", "z"], ["", "", ""]])).toBe("A     LONG   C\nxxx   y      z\n             \n");
});

test("a table without rows is its header", () => {
  expect(table(["NAME", "AGE"], [])).toBe("NAME   AGE\n");
});

test.each([[0, "0s"], [59, "59s"], [60, "1m"], [3599, "59m"], [3600, "1h"], [86_399, "23h"], [86_400, "1d"], [364 * 86_400, "364d"], [365 * 86_400, "1y"]])(
  "%i seconds ago is %s", (seconds, text) => expect(before(seconds)).toBe(text),
);

test("a moment ahead or none at all is never", () => {
  expect([before(-10), age(undefined, now), age("nonsense", now)]).toEqual(["never", "never", "never"]);
});

test("the zero time is as old as Go can count", () => {
  expect(age("0001-01-01T00:00:00Z", now)).toBe("292y");
});
