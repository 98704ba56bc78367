// Long-running parts of a program: started in order, restarted with backoff, stopped in reverse order.
import { sleep } from "./clock.ts";
import type { Platform } from "./platform.ts";

export interface Part {
  readonly name: string;
  /** Runs until `signal` aborts. Returning early or throwing is a failure: the part is started again with backoff. */
  run(signal: AbortSignal): Promise<void>;
}

export interface RunningParts {
  /** Resolves when every part has ended, the last started first. */
  stop(): Promise<void>;
}

export interface PartsOptions {
  readonly baseBackoffMs: number;
  readonly maxBackoffMs: number;
}

export function runParts(parts: readonly Part[], platform: Platform, options: PartsOptions): RunningParts {
  const running = parts.map((part) => {
    const controller = new AbortController();
    return { part, controller, done: supervise(part, controller.signal, platform, options) };
  });
  return {
    async stop() {
      for (const { controller, done } of running.toReversed()) {
        controller.abort();
        await done;
      }
    },
  };
}

async function supervise(part: Part, signal: AbortSignal, platform: Platform, options: PartsOptions): Promise<void> {
  let backoffMs = options.baseBackoffMs;
  while (!signal.aborted) {
    const startedAt = platform.clock.now();
    try {
      await part.run(signal);
      if (signal.aborted) return;
      platform.log.error("a part ended before it was asked to", { part: part.name });
    } catch (error) {
      if (signal.aborted) return;
      platform.log.error("a part failed and is started again", { part: part.name, backoffMs, error });
    }
    if (platform.clock.now() - startedAt > options.maxBackoffMs) backoffMs = options.baseBackoffMs;
    await sleep(platform.clock, backoffMs, signal).catch(() => {});
    backoffMs = Math.min(backoffMs * 2, options.maxBackoffMs);
  }
}
