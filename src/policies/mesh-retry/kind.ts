// MeshRetry: when and how often failed requests and connections are tried again.
import { definePolicyKind, durationField, headerMatch, headerName, targetRef, uint32Field } from "#resources";
import { z } from "zod";
import { validateMeshRetry } from "./validate.ts";

const backOff = z.object({ baseInterval: durationField.optional(), maxInterval: durationField.optional() });
const rateLimitedBackOff = z.object({
  resetHeaders: z.array(z.object({ name: headerName, format: z.enum(["Seconds", "UnixTimestamp"]) })).optional(),
  maxInterval: durationField.optional(),
});
const conf = z.object({
  tcp: z.object({ maxConnectAttempt: uint32Field.optional() }).optional(),
  http: z
    .object({
      numRetries: uint32Field.optional(),
      perTryTimeout: durationField.optional(),
      backOff: backOff.optional(),
      rateLimitedBackOff: rateLimitedBackOff.optional(),
      retryOn: z.array(z.string()).optional(),
      retriableResponseHeaders: z.array(headerMatch).optional(),
      retriableRequestHeaders: z.array(headerMatch).optional(),
      hostSelection: z
        .array(
          z.object({
            predicate: z.enum(["OmitPreviousHosts", "OmitHostsWithTags", "OmitPreviousPriorities"]),
            tags: z.record(z.string(), z.string()).optional(),
            updateFrequency: uint32Field.default(2),
          }),
        )
        .optional(),
      hostSelectionMaxAttempts: z.int().optional(),
    })
    .optional(),
  grpc: z
    .object({
      numRetries: uint32Field.optional(),
      perTryTimeout: durationField.optional(),
      backOff: backOff.optional(),
      rateLimitedBackOff: rateLimitedBackOff.optional(),
      retryOn: z.array(z.enum(["Canceled", "DeadlineExceeded", "Internal", "ResourceExhausted", "Unavailable"])).optional(),
    })
    .optional(),
});
export type RetryConf = z.infer<typeof conf>;

const spec = z.object({
  targetRef: targetRef.optional(),
  to: z.array(z.object({ targetRef, default: conf.prefault({}) })).optional(),
});
export type MeshRetrySpec = z.infer<typeof spec>;

export const meshRetry = definePolicyKind({ name: "MeshRetry", shortName: "mr", order: 1400, sections: ["to"], spec, validate: validateMeshRetry });
