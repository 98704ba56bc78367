import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { describeProcess } from "./process-metrics.ts";

test("a process is described without a monitor that wakes it, its busy time counted", async () => {
  const metrics = new Registry();
  describeProcess(metrics);
  const text = await metrics.metrics();
  for (const name of ["process_resident_memory_bytes", "process_cpu_seconds_total", "nodejs_heap_size_used_bytes", "nodejs_eventloop_lag_seconds"]) expect(text).toContain(`\n${name} `);
  expect(text).not.toMatch(/nodejs_eventloop_lag_(?!seconds)/);
  const busy = Number(/^nodejs_eventloop_active_seconds_total (\S+)$/m.exec(text)?.[1]);
  expect(busy).toBeGreaterThan(0);
});
