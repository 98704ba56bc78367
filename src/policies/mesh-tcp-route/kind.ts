// MeshTCPRoute: where connections to a destination go.
import { backendRef, definePolicyKind, targetRef } from "#resources";
import { z } from "zod";
import { validateMeshTCPRoute } from "./validate.ts";

const rule = z.object({ default: z.object({ backendRefs: z.array(backendRef).optional() }) });
export type TcpRouteRule = z.infer<typeof rule>;

const spec = z.object({
  targetRef: targetRef.optional(),
  to: z.array(z.object({ targetRef, rules: z.array(rule).max(1) })).min(1).optional(),
});
export type MeshTCPRouteSpec = z.infer<typeof spec>;

/** A route has at most one rule, which is its conf. */
function firstRule(to: unknown): unknown {
  const { rules } = z.object({ rules: z.array(z.unknown()) }).parse(to);
  return rules[0] ?? { default: {} };
}

export const meshTCPRoute = definePolicyKind({
  name: "MeshTCPRoute",
  shortName: "mtcpr",
  order: 200,
  sections: ["to"],
  spec,
  validate: validateMeshTCPRoute,
  confOf: firstRule,
});
