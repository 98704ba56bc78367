// MeshHealthCheck: how proxies probe the hosts of a destination.
import { definePolicyKind, durationField, headerValues, int32Field, intOrString, targetRef } from "#resources";
import { z } from "zod";
import { validateMeshHealthCheck } from "./validate.ts";

const conf = z.object({
  interval: durationField.optional(),
  timeout: durationField.optional(),
  unhealthyThreshold: int32Field.optional(),
  healthyThreshold: int32Field.optional(),
  initialJitter: durationField.optional(),
  intervalJitter: durationField.optional(),
  intervalJitterPercent: int32Field.optional(),
  healthyPanicThreshold: intOrString.optional(),
  failTrafficOnPanic: z.boolean().optional(),
  eventLogPath: z.string().optional(),
  alwaysLogHealthCheckFailures: z.boolean().optional(),
  noTrafficInterval: durationField.optional(),
  tcp: z.object({ disabled: z.boolean().optional(), send: z.string().optional(), receive: z.array(z.string()).optional() }).optional(),
  http: z
    .object({
      disabled: z.boolean().optional(),
      path: z.string().optional(),
      requestHeadersToAdd: z.object({ set: headerValues.optional(), add: headerValues.optional() }).optional(),
      expectedStatuses: z.array(int32Field).optional(),
    })
    .optional(),
  grpc: z.object({ disabled: z.boolean().optional(), serviceName: z.string().optional(), authority: z.string().optional() }).optional(),
  reuseConnection: z.boolean().optional(),
});
export type HealthCheckConf = z.infer<typeof conf>;

const spec = z.object({
  targetRef: targetRef.optional(),
  to: z.array(z.object({ targetRef, default: conf.prefault({}) })).optional(),
});
export type MeshHealthCheckSpec = z.infer<typeof spec>;

export const meshHealthCheck = definePolicyKind({
  name: "MeshHealthCheck",
  shortName: "mhc",
  order: 1200,
  sections: ["to"],
  spec,
  validate: validateMeshHealthCheck,
  warnsOfTargetFirst: true,
  deprecations: ({ spec: { to } }) =>
    to?.some((item) => item.default.healthyPanicThreshold !== undefined)
      ? ["healthyPanicThreshold for 'to[].default' is deprecated. The setting has been moved to MeshCircuitBreaker policy, please use MeshCircuitBreaker policy instead."]
      : [],
});
