// MeshTimeout: how long connections, requests and idle streams may last.
import { definePolicyKind, durationField, fromDeprecation, policyMatch, targetRef } from "#resources";
import { z } from "zod";
import { validateMeshTimeout } from "./validate.ts";

const conf = z.object({
  connectionTimeout: durationField.optional(),
  idleTimeout: durationField.optional(),
  http: z
    .object({
      requestTimeout: durationField.optional(),
      streamIdleTimeout: durationField.optional(),
      maxStreamDuration: durationField.optional(),
      maxConnectionDuration: durationField.optional(),
      requestHeadersTimeout: durationField.optional(),
    })
    .optional(),
});
export type TimeoutConf = z.infer<typeof conf>;

const item = z.object({ targetRef, default: conf.prefault({}) });
const spec = z.object({
  targetRef: targetRef.optional(),
  to: z.array(item).optional(),
  from: z.array(item).optional(),
  rules: z.array(z.object({ matches: z.array(policyMatch).optional(), default: conf.prefault({}) })).optional(),
});
export type MeshTimeoutSpec = z.infer<typeof spec>;

export const meshTimeout = definePolicyKind({
  name: "MeshTimeout",
  shortName: "mt",
  order: 1000,
  sections: ["to", "from", "rules"],
  isFromAsRules: true,
  spec,
  validate: validateMeshTimeout,
  deprecations: fromDeprecation,
});
