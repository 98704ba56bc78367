// Workload: the proxies that share one identity label.
import { z } from "zod";
import { defineKind } from "../../kind.ts";
import type { Resource } from "../../resource.ts";

const spec = z.object({});
export type WorkloadSpec = z.infer<typeof spec>;
const count = z.int().default(0);
const status = z.object({ dataplaneProxies: z.object({ connected: count, healthy: count, total: count }).prefault({}) });
export type WorkloadStatus = z.infer<typeof status>;
export type Workload = Resource<WorkloadSpec, WorkloadStatus>;

export const workloadKind = defineKind<WorkloadSpec, WorkloadStatus>({
  name: "Workload",
  scope: "Mesh",
  path: "workloads",
  shortName: "wl",
  singular: "workload",
  plural: "workloads",
  displayName: "Workload",
  displayNamePlural: "Workloads",
  kds: { zoneToGlobal: true },
  spec,
  status,
});
