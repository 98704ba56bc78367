// What a MeshTrafficPermission must satisfy beyond its schema (spec/api.md 1.11).
import { eachItem, topKinds, validateMatchesIfSet, validateTargetRef, violation, type Resource, type Violation } from "#resources";
import type { MeshTrafficPermissionSpec, TrafficPermissionRule } from "./kind.ts";

export function validateMeshTrafficPermission(spec: MeshTrafficPermissionSpec, resource: Resource): Violation[] {
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: topKinds(resource, { gateway: "never" }), isInbound: Boolean(spec.from?.length || spec.rules?.length) }),
    ...sections(spec),
    ...eachItem("spec.rules", spec.rules, (path, rule) => validateRule(path, rule.default)),
    ...eachItem("spec.from", spec.from, (path, item) => [
      ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset"] }),
      ...(item.default.action ? [] : [violation(`${path}.default.action`, "must be defined")]),
    ]),
  ];
}

function sections({ from, rules }: MeshTrafficPermissionSpec): Violation[] {
  if (from?.length && rules?.length) return [violation("spec", "field 'from' must be empty when 'rules' is defined")];
  return from?.length || rules?.length ? [] : [violation("spec", "at least one of 'from' or 'rules' has to be defined")];
}

function validateRule(path: string, conf: TrafficPermissionRule): Violation[] {
  if (!conf.allow?.length && !conf.allowWithShadowDeny?.length && !conf.deny?.length) {
    return [violation(path, "at least one of 'allow', 'allowWithShadowDeny', 'deny' has to be defined")];
  }
  return (["allow", "allowWithShadowDeny", "deny"] as const).flatMap((list) => validateMatchesIfSet(`${path}.${list}`, conf[list]));
}
