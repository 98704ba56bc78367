// MeshFaultInjection: faults that proxies make on purpose, to see how clients cope.
import { definePolicyKind, durationField, int32Field, intOrString, policyMatch, targetRef } from "#resources";
import { z } from "zod";
import { validateMeshFaultInjection } from "./validate.ts";

const fault = z.object({
  abort: z.object({ httpStatus: int32Field, percentage: intOrString }).optional(),
  delay: z.object({ value: durationField, percentage: intOrString }).optional(),
  responseBandwidth: z.object({ limit: z.string(), percentage: intOrString }).optional(),
});
const conf = z.object({ http: z.array(fault).optional() });
export type FaultInjectionConf = z.infer<typeof conf>;

const item = z.object({ targetRef, default: conf.prefault({}) });
const spec = z.object({
  targetRef: targetRef.optional(),
  from: z.array(item).optional(),
  to: z.array(item).optional(),
  rules: z.array(z.object({ matches: z.array(policyMatch).optional(), default: conf })).optional(),
});
export type MeshFaultInjectionSpec = z.infer<typeof spec>;

export const meshFaultInjection = definePolicyKind({
  name: "MeshFaultInjection",
  shortName: "mfi",
  order: 800,
  sections: ["to", "from", "rules"],
  spec,
  validate: validateMeshFaultInjection,
  deprecations: (resource) => (resource.spec.from?.length ? ["'from' field is deprecated, use 'rules' with SPIFFE-based 'matches' instead"] : []),
});
