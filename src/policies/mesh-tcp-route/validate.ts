// What a MeshTCPRoute must satisfy beyond its schema (spec/api.md 1.11).
import { eachItem, topKinds, validateBackendRefs, validateTargetRef, violation, type Resource, type TargetRefKind, type Violation } from "#resources";
import type { MeshTCPRouteSpec } from "./kind.ts";

export function validateMeshTCPRoute(spec: MeshTCPRouteSpec, resource: Resource): Violation[] {
  const kinds: readonly TargetRefKind[] = spec.targetRef?.kind === "MeshGateway" ? ["Mesh"] : ["MeshService", "MeshExternalService", "MeshMultiZoneService"];
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: topKinds(resource, { gateway: "system" }), gatewayTags: true }),
    ...eachItem("spec.to", spec.to, (path, item) => [
      ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds }),
      ...eachItem(`${path}.rules`, item.rules, (rulePath, rule) => {
        const field = `${rulePath}.default.backendRefs`;
        return rule.default.backendRefs?.length ? validateBackendRefs(field, rule.default.backendRefs) : [violation(field, "must be defined")];
      }),
    ]),
  ];
}
