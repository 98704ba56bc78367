// MeshMetric: which metrics a proxy and its applications offer, and to whom.
import { conditionsStatus, definePolicyKind, durationField, uint32Field, otelBackendRef, otelDeprecation, targetRef } from "#resources";
import { z } from "zod";
import { validateMeshMetric } from "./validate.ts";

const selectors = z.array(z.object({ type: z.enum(["Prefix", "Regex", "Exact", "Contains"]), match: z.string() })).optional();
const conf = z.object({
  sidecar: z
    .object({
      profiles: z.object({ appendProfiles: z.array(z.object({ name: z.enum(["All", "Basic", "None"]) })).optional(), exclude: selectors, include: selectors }).optional(),
      includeUnused: z.boolean().optional(),
    })
    .optional(),
  applications: z
    .array(z.object({ name: z.string().optional(), path: z.string().default("/metrics"), address: z.string().optional(), port: uint32Field }))
    .optional(),
  backends: z
    .array(
      z.object({
        type: z.enum(["Prometheus", "OpenTelemetry"]),
        prometheus: z
          .object({
            clientId: z.string().optional(),
            port: uint32Field.default(5670),
            path: z.string().default("/metrics"),
            tls: z.object({ mode: z.enum(["Disabled", "ProvidedTLS", "ActiveMTLSBackend"]).default("Disabled") }).optional(),
          })
          .optional(),
        openTelemetry: z.object({ endpoint: z.string().default(""), backendRef: otelBackendRef.optional(), refreshInterval: durationField.optional() }).optional(),
      }),
    )
    .optional(),
});
export type MetricConf = z.infer<typeof conf>;

const spec = z.object({ targetRef: targetRef.optional(), default: conf.prefault({}) });
export type MeshMetricSpec = z.infer<typeof spec>;

export const meshMetric = definePolicyKind({
  name: "MeshMetric",
  shortName: "mm",
  order: 1500,
  sections: [],
  spec,
  status: conditionsStatus,
  validate: validateMeshMetric,
  deprecations: (resource) => otelDeprecation(resource.spec.default.backends),
});
