// Work in slices and turns, on a clock that the work itself moves.
import { expect, test } from "vitest";
import { fakeClock } from "./fake/index.ts";
import { inSlices, pacer } from "./slices.ts";

test("long work leaves room for others after each stretch, keeps its order and says what it took", () => {
  const clock = fakeClock();
  const seen: (number | string)[] = [];
  clock.after(1, () => seen.push("other"));
  inSlices([1, 2, 3, 4, 5], (item) => {
    seen.push(item);
    clock.jump(6);
  }, { clock, onEnd: (spent) => seen.push(`took ${spent}`) });
  expect(seen).toEqual([1, 2]);
  clock.advance(0);
  expect(seen).toEqual([1, 2, 3, 4, 5, "took 30"]);
});

test("work that is ended early does no more", () => {
  const clock = fakeClock();
  const seen: number[] = [];
  const end = inSlices([1, 2, 3], (item) => {
    seen.push(item);
    clock.jump(20);
  }, { clock });
  end();
  clock.advance(1000);
  expect(seen).toEqual([1]);
});

test("so many callers a turn go on, the others wait for theirs", async () => {
  const clock = fakeClock();
  const turn = pacer(clock, 2);
  let gone = 0;
  for (let caller = 0; caller < 5; caller++) void turn().then(() => gone++);
  const after = async (ms: number) => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
    return gone;
  };
  await new Promise((resolve) => setImmediate(resolve));
  expect(gone).toBe(2);
  expect(await after(0)).toBe(5);
});
