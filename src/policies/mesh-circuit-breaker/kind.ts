// MeshCircuitBreaker: connection limits and ejection of hosts that fail.
import { definePolicyKind, durationField, fromDeprecation, intOrString, targetRef, uint32Field } from "#resources";
import { z } from "zod";
import { validateMeshCircuitBreaker } from "./validate.ts";

const count = uint32Field.optional();
const consecutive = z.object({ consecutive: count }).optional();
const conf = z.object({
  connectionLimits: z
    .object({ maxConnections: count, maxConnectionPools: count, maxPendingRequests: count, maxRetries: count, maxRequests: count })
    .optional(),
  outlierDetection: z
    .object({
      disabled: z.boolean().optional(),
      interval: durationField.optional(),
      baseEjectionTime: durationField.optional(),
      maxEjectionPercent: count,
      splitExternalAndLocalErrors: z.boolean().optional(),
      detectors: z
        .object({
          totalFailures: consecutive,
          gatewayFailures: consecutive,
          localOriginFailures: consecutive,
          successRate: z.object({ minimumHosts: count, requestVolume: count, standardDeviationFactor: intOrString.optional() }).optional(),
          failurePercentage: z.object({ minimumHosts: count, requestVolume: count, threshold: count }).optional(),
        })
        .optional(),
      healthyPanicThreshold: intOrString.optional(),
    })
    .optional(),
});
export type CircuitBreakerConf = z.infer<typeof conf>;

const item = z.object({ targetRef, default: conf.prefault({}) });
const spec = z.object({
  targetRef: targetRef.optional(),
  to: z.array(item).optional(),
  from: z.array(item).optional(),
  rules: z.array(z.object({ default: conf.prefault({}) })).optional(),
});
export type MeshCircuitBreakerSpec = z.infer<typeof spec>;

export const meshCircuitBreaker = definePolicyKind({
  name: "MeshCircuitBreaker",
  shortName: "mcb",
  order: 1300,
  sections: ["to", "from", "rules"],
  isFromAsRules: true,
  spec,
  validate: validateMeshCircuitBreaker,
  deprecations: fromDeprecation,
});
