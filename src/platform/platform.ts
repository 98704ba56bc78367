// The outside world in one value: made in main.ts, replaced in tests.
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Random } from "./random.ts";
import type { Registry } from "prom-client";

export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where every part registers its Prometheus metrics. */
  readonly metrics: Registry;
}
