// What a MeshHealthCheck must satisfy beyond its schema (spec/api.md 1.11).
import { eachItem, percentDecimal, percentInt, positiveDuration, topKinds, validateTargetRef, violation, type Resource, type Violation } from "#resources";
import type { HealthCheckConf, MeshHealthCheckSpec } from "./kind.ts";

export function validateMeshHealthCheck(spec: MeshHealthCheckSpec, resource: Resource): Violation[] {
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: topKinds(resource, { gateway: "always" }), gatewayTags: true }),
    ...eachItem("spec.to", spec.to, (path, item) => [
      ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService"] }),
      ...validateConf(`${path}.default`, item.default),
    ]),
  ];
}

function validateConf(path: string, conf: HealthCheckConf): Violation[] {
  return [
    ...positiveDuration(`${path}.interval`, conf.interval),
    ...positiveDuration(`${path}.timeout`, conf.timeout),
    ...positiveThreshold(`${path}.unhealthyThreshold`, conf.unhealthyThreshold),
    ...positiveThreshold(`${path}.healthyThreshold`, conf.healthyThreshold),
    ...positiveDuration(`${path}.initialJitter`, conf.initialJitter),
    ...positiveDuration(`${path}.intervalJitter`, conf.intervalJitter),
    ...percentInt(`${path}.intervalJitterPercent`, conf.intervalJitterPercent),
    ...percentDecimal(`${path}.healthyPanicThreshold`, conf.healthyPanicThreshold),
    ...(conf.eventLogPath !== undefined && !conf.eventLogPath.startsWith("/") ? [violation(`${path}.eventLogPath`, "must be a valid path when defined")] : []),
    ...positiveDuration(`${path}.noTrafficInterval`, conf.noTrafficInterval),
    ...(conf.http || conf.tcp || conf.grpc ? [] : [violation(path, "must have at least one defined: http, tcp, grpc")]),
    ...(conf.http?.path === "" ? [violation(`${path}.http.path`, "must be defined")] : []),
    ...eachItem(`${path}.http.expectedStatuses`, conf.http?.expectedStatuses, (field, status) =>
      status < 100 || status > 599 ? [violation(field, "must be in inclusive range [100, 599]")] : [],
    ),
  ];
}

const positiveThreshold = (field: string, value: number | undefined): Violation[] =>
  value !== undefined && value <= 0 ? [violation(field, "must be greater than zero when defined")] : [];
