// MeshTrafficPermission: which clients may call a proxy's inbounds.
import { definePolicyKind, policyMatch, targetRef } from "#resources";
import { z } from "zod";
import { validateMeshTrafficPermission } from "./validate.ts";

const matches = z.array(policyMatch).optional();
const ruleConf = z.object({ deny: matches, allowWithShadowDeny: matches, allow: matches });
const fromConf = z.object({ action: z.enum(["Allow", "Deny", "AllowWithShadowDeny"]).optional() });
export type TrafficPermissionRule = z.infer<typeof ruleConf>;
export type TrafficPermissionAction = z.infer<typeof fromConf>;

const spec = z.object({
  targetRef: targetRef.optional(),
  from: z.array(z.object({ targetRef, default: fromConf.prefault({}) })).optional(),
  rules: z.array(z.object({ default: ruleConf })).optional(),
});
export type MeshTrafficPermissionSpec = z.infer<typeof spec>;

export const meshTrafficPermission = definePolicyKind({
  name: "MeshTrafficPermission",
  shortName: "mtp",
  order: 1100,
  sections: ["from", "rules"],
  spec,
  validate: validateMeshTrafficPermission,
  deprecations: ({ spec: { from } }) => [
    ...(from?.length ? ["'from' field is deprecated and will be removed in 3.0, use 'rules' with MeshIdentity (spiffeId) instead"] : []),
    ...(from?.some((item) => item.targetRef.kind === "MeshService")
      ? ["MeshService value for 'from[].targetRef.kind' is deprecated, use MeshSubset with 'kuma.io/service' instead"]
      : []),
  ],
});
