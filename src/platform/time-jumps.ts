// Notices when the wall clock and the machine's own time part: set by hand, corrected, or the machine slept. Deadlines by the wall clock must be looked at anew.
import type { Clock } from "./clock.ts";

export interface TimeJumpOptions {
  readonly everyMs?: number;
  readonly toleranceMs?: number;
}

/** Calls `onJump` with how far time jumped, at most `everyMs` (10 s) after it did. Returns the function that ends it. */
export function followTimeJumps(clock: Clock, onJump: (byMs: number) => void, { everyMs = 10_000, toleranceMs = 2000 }: TimeJumpOptions = {}): () => void {
  let expected = clock.now() + everyMs;
  let cancel = () => {};
  const look = () => {
    const byMs = clock.now() - expected;
    expected = clock.now() + everyMs;
    cancel = clock.after(everyMs, look);
    if (Math.abs(byMs) > toleranceMs) onJump(byMs);
  };
  cancel = clock.after(everyMs, look);
  return () => cancel();
}
