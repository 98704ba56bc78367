// What a MeshFaultInjection must satisfy beyond its schema (spec/api.md 1.11).
import { eachItem, includesGateways, nonNegativeDuration, percentDecimal, topKinds, validateMatchesIfSet, validateTargetRef, violation, type Resource, type Violation } from "#resources";
import type { FaultInjectionConf, MeshFaultInjectionSpec } from "./kind.ts";

const noFrom = "must not be defined when the scope includes a Gateway, select only proxyType Sidecar or select only gateways and use spec.to";

export function validateMeshFaultInjection(spec: MeshFaultInjectionSpec, resource: Resource): Violation[] {
  const { from, to, rules } = spec;
  const hasGateways = includesGateways(spec.targetRef);
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: topKinds(resource, { gateway: "system" }), gatewayTags: true, isInbound: Boolean(from?.length || rules?.length) }),
    ...(from?.length && rules?.length ? [violation("spec", "field 'from' must be empty when 'rules' is defined")] : []),
    ...eachItem("spec.rules", rules, (path, rule) => [...validateMatchesIfSet(`${path}.matches`, rule.matches), ...validateConf(`${path}.default`, rule.default)]),
    ...(from?.length && hasGateways
      ? [violation("spec.from", noFrom)]
      : eachItem("spec.from", from, (path, item) => [
          ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset"] }),
          ...validateConf(`${path}.default`, item.default),
        ])),
    ...(to?.length && !hasGateways
      ? [violation("spec.to", "must not be defined")]
      : eachItem("spec.to", to, (path, item) => [
          ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: ["Mesh"] }),
          ...validateConf(`${path}.default`, item.default),
        ])),
  ];
}

function validateConf(path: string, { http = [] }: FaultInjectionConf): Violation[] {
  return http.flatMap(({ abort, delay, responseBandwidth }, index) => {
    const field = (name: string): string => `${path}.http.${name}[${index}]`;
    return [
      ...(abort && (abort.httpStatus < 100 || abort.httpStatus > 599) ? [violation(`${field("abort")}.httpStatus`, "must be in inclusive range [100, 599]")] : []),
      ...percentDecimal(`${field("abort")}.percentage`, abort?.percentage),
      ...nonNegativeDuration(`${field("delay")}.value`, delay?.value),
      ...percentDecimal(`${field("delay")}.percentage`, delay?.percentage),
      ...(responseBandwidth && !/^\d*\s?[GMk]+bps$/.test(responseBandwidth.limit)
        ? [violation(`${field("responseBandwidth")}.limit`, "must be in kbps/Mbps/Gbps units")]
        : []),
      ...percentDecimal(`${field("responseBandwidth")}.percentage`, responseBandwidth?.percentage),
    ];
  });
}
