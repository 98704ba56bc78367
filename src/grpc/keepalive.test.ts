// Who is asked, who is cut off, and how often the process wakes for it.
import { fakeClock } from "#platform/fake";
import { expect, test } from "vitest";
import { keepalive } from "./keepalive.ts";

function aPeer(answers: boolean) {
  const peer = {
    destroyed: false, asked: 0, asks: () => {},
    ping(onAnswer: (error: Error | null) => void) {
      peer.asked++;
      if (answers) onAnswer(null);
      return true;
    },
    on: (_event: "ping", heard: () => void) => (peer.asks = heard),
    destroy: () => (peer.destroyed = true),
  };
  return peer;
}

test("a silent peer is asked; who answers stays, who does not is disconnected within three intervals", () => {
  const clock = fakeClock();
  const peers = keepalive(clock, 10_000);
  const [alive, gone] = [aPeer(true), aPeer(false)];
  peers.watch(alive);
  peers.watch(gone);
  clock.advance(30_000);
  expect([alive.destroyed, gone.destroyed]).toEqual([false, true]);
  clock.advance(600_000);
  expect(alive.destroyed).toBe(false);
  expect(alive.asked).toBeGreaterThanOrEqual(30);
});

test("a peer that asks by itself is not asked, until it falls silent", () => {
  const clock = fakeClock();
  const peer = aPeer(false);
  keepalive(clock, 10_000).watch(peer);
  for (let at = 0; at < 20; at++) {
    clock.advance(9000);
    peer.asks();
  }
  expect([peer.asked, peer.destroyed]).toEqual([0, false]);
  clock.advance(30_000);
  expect([peer.asked, peer.destroyed]).toEqual([1, true]);
});

test("a thousand connections wake the process ten times an interval, none at all not once", () => {
  const clock = fakeClock();
  let wakes = 0;
  const peers = keepalive({ ...clock, after: (ms, action) => clock.after(ms, () => (wakes++, action())) }, 10_000);
  clock.advance(100_000);
  expect(wakes).toBe(0);
  const ends = Array.from({ length: 1000 }, () => peers.watch(aPeer(true)));
  clock.advance(100_000);
  expect(wakes).toBe(100);
  for (const end of ends) end();
  clock.advance(100_000);
  expect(wakes).toBe(100);
});
