// What Prometheus' users expect to know of any process, and how busy this one is.
import { performance } from "node:perf_hooks";
import { Counter, collectDefaultMetrics, type Registry } from "prom-client";

/** Longer than any process runs, in ms: prom-client cannot be told to leave its monitor out, which by default wakes an idle process a hundred times a second. */
const never = 2 ** 31 - 1;

/** What the monitor would have filled. */
const unmeasured = ["min", "max", "mean", "stddev", "p50", "p90", "p99"].map((it) => `nodejs_eventloop_lag_${it}_seconds`);

/** `nodejs_eventloop_lag_seconds` is measured when somebody looks; for the time between, the loop's busy time is counted. */
export function describeProcess(metrics: Registry): void {
  collectDefaultMetrics({ register: metrics, eventLoopMonitoringPrecision: never });
  for (const name of unmeasured) metrics.removeSingleMetric(name);
  new Counter({
    name: "nodejs_eventloop_active_seconds_total", help: "Time that the event loop spent at work", registers: [metrics],
    collect() {
      this.reset();
      this.inc(performance.eventLoopUtilization().active / 1000);
    },
  });
}
