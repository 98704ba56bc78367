// Prometheus settings of the Mesh (`metrics`), which a Dataplane may change for itself; older than MeshMetric.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { Resource } from "#resources";
import { z } from "zod";

const schema = z.object({
  port: z.number().optional(),
  path: z.string().optional(),
  skipMTLS: z.boolean().optional(),
  tls: z.object({ mode: z.string().optional() }).optional(),
  envoy: z.object({ filterRegex: z.string().optional(), usedOnly: z.boolean().optional() }).optional(),
});

export interface MeshMetrics {
  readonly port: number;
  readonly path: string;
  readonly tls: "activeMTLSBackend" | "providedTLS" | "disabled";
  /** Names of Envoy's metrics; empty for all. */
  readonly filter: string;
  readonly usedOnly: boolean;
}

/** Undefined when the Mesh has no Prometheus backend enabled. */
export function meshMetrics(mesh: Resource<Mesh>, dataplane: Resource<Dataplane>): MeshMetrics | undefined {
  const { metrics } = mesh.spec;
  const backend = metrics?.backends.find((it) => it.name === metrics.enabledBackend);
  if (!backend || backend.type !== "prometheus") return undefined;
  const shared = schema.safeParse(backend.conf ?? {}).data ?? {};
  const own = dataplane.spec.metrics?.type === "prometheus" ? (schema.safeParse(dataplane.spec.metrics.conf ?? {}).data ?? {}) : {};
  const conf = { ...shared, ...own };
  const mode = conf.tls?.mode ?? (conf.skipMTLS ? "disabled" : "activeMTLSBackend");
  return {
    port: conf.port ?? 5670, path: conf.path ?? "/metrics", tls: mode === "providedTLS" || mode === "disabled" ? mode : "activeMTLSBackend",
    filter: conf.envoy?.filterRegex ?? "", usedOnly: conf.envoy?.usedOnly === true,
  };
}
