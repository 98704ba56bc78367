// Jumps of the wall clock are noticed in both directions; a clock that merely runs is left alone.
import { fakeClock } from "#platform/fake";
import { expect, test } from "vitest";
import { followTimeJumps } from "./time-jumps.ts";

test("time that runs as it should is no jump", () => {
  const [clock, jumps] = [fakeClock(), [] as number[]];
  followTimeJumps(clock, (byMs) => jumps.push(byMs));
  clock.advance(3_600_000);
  expect(jumps).toEqual([]);
});

test.each([-3_600_000, 3 * 86_400_000])("a jump of %i ms is told once, within ten seconds", (byMs) => {
  const [clock, jumps] = [fakeClock(), [] as number[]];
  const end = followTimeJumps(clock, (it) => jumps.push(it));
  clock.advance(15_000);
  clock.jump(byMs);
  clock.advance(10_000);
  expect(jumps).toEqual([byMs]);
  clock.advance(60_000);
  expect(jumps).toHaveLength(1);
  end();
  clock.jump(byMs);
  clock.advance(60_000);
  expect(jumps).toHaveLength(1);
});
