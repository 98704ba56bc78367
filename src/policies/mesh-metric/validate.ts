// What a MeshMetric must satisfy beyond its schema (spec/api.md 1.11). Some paths of the reference name a list's singular.
import { eachItem, topKinds, validateOtelBackend, validateTargetRef, violation, type Resource, type Violation } from "#resources";
import type { MeshMetricSpec, MetricConf } from "./kind.ts";

type Sidecar = NonNullable<MetricConf["sidecar"]>;
type Backend = NonNullable<MetricConf["backends"]>[number];

export function validateMeshMetric(spec: MeshMetricSpec, resource: Resource): Violation[] {
  const { sidecar, applications, backends } = spec.default;
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: topKinds(resource, { gateway: "system" }), gatewayTags: true }),
    ...validateSidecar("spec.default.sidecar", sidecar),
    ...eachItem("spec.default.applications.application", applications, (path, { port }) => validatePort(path, port)),
    ...eachItem("spec.default.backends.backend", backends, validateBackend),
  ];
}

const validatePort = (field: string, port: number): Violation[] => (port < 1 || port > 65_535 ? [violation(field, "port must be a valid (1-65535)")] : []);

function validateSidecar(path: string, sidecar: Sidecar | undefined): Violation[] {
  return (["exclude", "include"] as const).flatMap((list) =>
    eachItem(`${path}.profiles.${list}`, sidecar?.profiles?.[list], (field, { type, match }) =>
      type === "Regex" && !isRegex(match) ? [violation(`${field}.match`, "invalid regex")] : [],
    ),
  );
}

function isRegex(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

function validateBackend(path: string, { type, prometheus, openTelemetry }: Backend): Violation[] {
  if (type === "Prometheus") return prometheus ? validatePort(`${path}.port`, prometheus.port) : [violation(`${path}.prometheus`, "must be defined")];
  return openTelemetry ? validateOtelBackend(`${path}.openTelemetry`, openTelemetry, "port required") : [violation(`${path}.openTelemetry`, "must be defined")];
}
