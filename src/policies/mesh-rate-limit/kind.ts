// MeshRateLimit: how many requests or connections a proxy accepts in a time.
import { definePolicyKind, durationField, fromDeprecation, headerValues, policyMatch, targetRef, uint32Field } from "#resources";
import { z } from "zod";
import { rateLimitDeprecations, validateMeshRateLimit } from "./validate.ts";

const rate = z.object({ num: uint32Field, interval: durationField });
const conf = z.object({
  local: z
    .object({
      http: z
        .object({
          disabled: z.boolean().optional(),
          requestRate: rate.optional(),
          onRateLimit: z
            .object({ status: uint32Field.optional(), headers: z.object({ set: headerValues.optional(), add: headerValues.optional() }).optional() })
            .optional(),
        })
        .optional(),
      tcp: z.object({ disabled: z.boolean().optional(), connectionRate: rate.optional() }).optional(),
    })
    .optional(),
});
export type RateLimitConf = z.infer<typeof conf>;

const item = z.object({ targetRef, default: conf.prefault({}) });
const spec = z.object({
  targetRef: targetRef.optional(),
  to: z.array(item).optional(),
  from: z.array(item).optional(),
  rules: z.array(z.object({ matches: z.array(policyMatch).optional(), default: conf.prefault({}) })).optional(),
});
export type MeshRateLimitSpec = z.infer<typeof spec>;

export const meshRateLimit = definePolicyKind({
  name: "MeshRateLimit",
  shortName: "mrl",
  order: 900,
  sections: ["to", "from", "rules"],
  isFromAsRules: true,
  spec,
  validate: validateMeshRateLimit,
  deprecations: (resource) => [...fromDeprecation(resource), ...rateLimitDeprecations(resource.spec)],
});
