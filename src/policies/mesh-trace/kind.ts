// MeshTrace: where proxies send the spans of requests, and of how many of them.
import { conditionsStatus, definePolicyKind, intOrString, otelBackendRef, otelDeprecation, targetRef } from "#resources";
import { z } from "zod";
import { validateMeshTrace } from "./validate.ts";

const backend = z.object({
  type: z.enum(["Zipkin", "Datadog", "OpenTelemetry"]),
  zipkin: z
    .object({
      url: z.string(),
      traceId128bit: z.boolean().default(false),
      apiVersion: z.enum(["httpJson", "httpProto"]).default("httpJson"),
      sharedSpanContext: z.boolean().default(true),
    })
    .optional(),
  datadog: z.object({ url: z.string(), splitService: z.boolean().default(false) }).optional(),
  openTelemetry: z.object({ endpoint: z.string().default(""), backendRef: otelBackendRef.optional() }).optional(),
});
export type TraceBackend = z.infer<typeof backend>;

const conf = z.object({
  backends: z.array(backend).max(1).optional(),
  sampling: z.object({ overall: intOrString.optional(), client: intOrString.optional(), random: intOrString.optional() }).optional(),
  tags: z
    .array(z.object({ name: z.string(), literal: z.string().optional(), header: z.object({ name: z.string(), default: z.string().optional() }).optional() }))
    .optional(),
});
export type TraceConf = z.infer<typeof conf>;

const spec = z.object({ targetRef: targetRef.optional(), default: conf.prefault({}) });
export type MeshTraceSpec = z.infer<typeof spec>;

export const meshTrace = definePolicyKind({
  name: "MeshTrace",
  shortName: "mtr",
  order: 700,
  sections: [],
  spec,
  status: conditionsStatus,
  validate: validateMeshTrace,
  deprecations: (resource) => otelDeprecation(resource.spec.default.backends),
});
