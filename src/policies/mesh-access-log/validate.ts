// What a MeshAccessLog must satisfy beyond its schema (spec/api.md 1.11).
import {
  eachItem, topKinds, validateMatchesIfSet, validateOtelBackend, validateSections, validateTargetRef, violation, type Resource, type TargetRefKind, type Violation,
} from "#resources";
import type { AccessLogBackend, AccessLogConf, AccessLogFormat, MeshAccessLogSpec } from "./kind.ts";

const allTo: readonly TargetRefKind[] = ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshHTTPRoute"];

export function validateMeshAccessLog(spec: MeshAccessLogSpec, resource: Resource): Violation[] {
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, {
      kinds: topKinds(resource, { gateway: "always" }),
      gatewayTags: true,
      isInbound: Boolean(spec.from?.length || spec.rules?.length),
    }),
    ...validateSections(spec),
    ...eachItem("spec.rules", spec.rules, (path, rule) => [...validateMatchesIfSet(`${path}.matches`, rule.matches), ...validateConf(`${path}.default`, rule.default)]),
    ...eachItem("spec.to", spec.to, (path, item) => [
      ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: spec.targetRef?.kind === "MeshGateway" ? ["Mesh"] : allTo }),
      ...validateConf(`${path}.default`, item.default),
    ]),
    ...eachItem("spec.from", spec.from, (path, item) => [
      ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: ["Mesh"] }),
      ...validateConf(`${path}.default`, item.default),
    ]),
  ];
}

const validateConf = (path: string, { backends }: AccessLogConf): Violation[] =>
  backends ? eachItem(`${path}.backends`, backends, validateBackend) : [violation(`${path}.backends`, "must be defined")];

function validateBackend(path: string, { type, file, tcp, openTelemetry }: AccessLogBackend): Violation[] {
  switch (type) {
    case "File":
      if (!file) return [violation(`${path}.file`, "must be defined")];
      return [
        ...(file.path.startsWith("/") ? [] : [violation(`${path}.file.path`, "file backend requires a valid path")]),
        ...validateFormat(`${path}.file.format`, file.format),
      ];
    case "Tcp":
      if (!tcp) return [violation(`${path}.tcp`, "must be defined")];
      return [
        ...(/[:.]/.test(tcp.address) && !/\s/.test(tcp.address) ? [] : [violation(`${path}.tcp.address`, "tcp backend requires valid address")]),
        ...validateFormat(`${path}.tcp.format`, tcp.format),
      ];
    case "OpenTelemetry":
      if (!openTelemetry) return [violation(`${path}.openTelemetry`, "must be defined")];
      return [
        ...validateOtelBackend(`${path}.openTelemetry`, openTelemetry, "port optional"),
        ...eachItem(`${path}.openTelemetry.attributes`, openTelemetry.attributes, (field, { key }) =>
          key.startsWith("otel.") ? [violation(`${field}.key`, "must not use the reserved OpenTelemetry prefix 'otel.'")] : [],
        ),
      ];
    default:
      return type satisfies never;
  }
}

function validateFormat(path: string, format: AccessLogFormat | undefined): Violation[] {
  if (!format) return [];
  const { type, plain, json } = format;
  if (type === "Plain") {
    if (plain === undefined) return [violation(`${path}.plain`, "must be defined")];
    return plain ? [] : [violation(`${path}.plain`, "must not be empty")];
  }
  if (!json) return [violation(`${path}.json`, "must be defined")];
  if (json.length === 0) return [violation(`${path}.json`, "must not be empty")];
  return eachItem(`${path}.json`, json, (field, { key, value }) => [
    ...(key ? [] : [violation(`${field}.key`, "key cannot be empty")]),
    ...(value ? [] : [violation(`${field}.value`, "value cannot be empty")]),
    // The reference puts key and value between quotes as they are.
    ...(isJsonText(key) && isJsonText(value) ? [] : [violation(field, "is not a valid JSON object")]),
  ]);
}

function isJsonText(text: string): boolean {
  try {
    return typeof JSON.parse(`"${text}"`) === "string";
  } catch {
    return false;
  }
}
