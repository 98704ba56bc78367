// The outside world for tests: a clock that moves when told, repeatable randomness, a log that remembers.
import { Registry } from "prom-client";
import type { Clock, Log, Platform, Random } from "../index.ts";

export interface FakeClock extends Clock {
  /** Moves time forward and runs what falls due, in order. */
  advance(ms: number): void;
  /** The wall clock is set, forward or back; timers do not notice. */
  jump(ms: number): void;
}

export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let now = startMs;
  let offset = 0;
  let timers: { at: number; action: () => void }[] = [];
  return {
    now: () => now + offset,
    jump: (ms) => void (offset += ms),
    after(delayMs, action) {
      const timer = { at: now + Math.max(0, delayMs), action };
      timers.push(timer);
      return () => (timers = timers.filter((it) => it !== timer));
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const next = timers.filter((it) => it.at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers = timers.filter((it) => it !== next);
        now = next.at;
        next.action();
      }
      now = end;
    },
  };
}

/** The same numbers for the same seed (mulberry32). Not for anything that must be unguessable. */
export function seededRandom(seed = 1): Random {
  let state = seed >>> 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => Math.floor(fraction() * 256));
  const hex = (count: number) => Buffer.from(bytes(count)).toString("hex");
  return { fraction, bytes, uuid: () => `${hex(4)}-${hex(2)}-4${hex(2).slice(1)}-a${hex(2).slice(1)}-${hex(6)}` };
}

export interface MemoryLog extends Log {
  readonly lines: string[];
}

export function memoryLog(lines: string[] = [], name = ""): MemoryLog {
  const add = (level: string) => (message: string, fields?: object) => void lines.push(`${level} ${name} ${message} ${JSON.stringify(fields ?? {})}`);
  return { lines, debug: add("debug"), info: add("info"), warn: add("warn"), error: add("error"), child: (child) => memoryLog(lines, child) };
}

export interface FakePlatform extends Platform {
  readonly clock: FakeClock;
  readonly log: MemoryLog;
}

export function fakePlatform(seed = 1): FakePlatform {
  return { clock: fakeClock(), random: seededRandom(seed), log: memoryLog(), metrics: new Registry() };
}
