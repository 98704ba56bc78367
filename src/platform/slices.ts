// Much work on one thread without anybody waiting long: in slices, or so many at a turn.
import type { Clock } from "./clock.ts";

export interface SliceOptions {
  readonly clock: Clock;
  /** The longest stretch; 10 ms when absent. */
  readonly sliceMs?: number;
  /** Called once all is done, with the time that `act` took. */
  readonly onEnd?: (spentMs: number) => void;
}

/** Does `act` to each item in order, the first at once; other work gets its turn between slices. Returns the function that ends it early. */
export function inSlices<T>(items: readonly T[], act: (item: T) => void, { clock, sliceMs = 10, onEnd }: SliceOptions): () => void {
  const rest = items.values();
  let next = rest.next();
  let spentMs = 0;
  let hasEnded = false;
  let cancel = () => {};
  const slice = () => {
    const startedAt = clock.now();
    for (; !hasEnded && !next.done && clock.now() - startedAt < sliceMs; next = rest.next()) act(next.value);
    spentMs += clock.now() - startedAt;
    if (hasEnded) return;
    if (next.done) onEnd?.(spentMs);
    else cancel = clock.after(0, slice);
  };
  slice();
  return () => {
    hasEnded = true;
    cancel();
  };
}

/** Lets `perTurn` callers go on at once, and as many at each later turn: for steps that take the thread as soon as they go on. */
export function pacer(clock: Clock, perTurn: number): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let free = perTurn;
  let isRefilling = false;
  const refill = () => {
    isRefilling = false;
    const next = waiting.splice(0, perTurn);
    free = perTurn - next.length;
    for (const go of next) go();
    if (next.length > 0) refillLater();
  };
  const refillLater = () => {
    if (isRefilling) return;
    isRefilling = true;
    clock.after(0, refill);
  };
  return () => {
    refillLater();
    if (free > 0) {
      free--;
      return Promise.resolve();
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
}
