// What a MeshTrace must satisfy beyond its schema (spec/api.md 1.11).
import { decimalOf, eachItem, topKinds, validateOtelBackend, validateTargetRef, violation, type IntOrString, type Resource, type Violation } from "#resources";
import type { MeshTraceSpec, TraceBackend, TraceConf } from "./kind.ts";

type Tag = NonNullable<TraceConf["tags"]>[number];

export function validateMeshTrace(spec: MeshTraceSpec, resource: Resource): Violation[] {
  const { backends, sampling, tags } = spec.default;
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: topKinds(resource, { gateway: "system" }) }),
    ...(backends ? eachItem("spec.default.backends", backends, validateBackend) : [violation("spec.default.backends", "must be defined")]),
    ...eachItem("spec.default.tags", tags, validateTag),
    ...(["client", "random", "overall"] as const).flatMap((rate) => validateRate(`spec.default.sampling.${rate}`, sampling?.[rate])),
  ];
}

function validateBackend(path: string, { type, zipkin, datadog, openTelemetry }: TraceBackend): Violation[] {
  switch (type) {
    case "Zipkin":
      if (!zipkin) return [violation(`${path}.zipkin`, "must be defined")];
      return URL.canParse(zipkin.url) ? [] : [violation(`${path}.zipkin.url`, "must be a valid url")];
    case "Datadog":
      return datadog ? validateDatadogUrl(`${path}.datadog.url`, datadog.url) : [violation(`${path}.datadog`, "must be defined")];
    case "OpenTelemetry":
      return openTelemetry ? validateOtelBackend(`${path}.openTelemetry`, openTelemetry, "port optional") : [violation(`${path}.openTelemetry`, "must be defined")];
    default:
      return type satisfies never;
  }
}

function validateDatadogUrl(field: string, text: string): Violation[] {
  // Not `URL`: it forgets a port that is the scheme's own.
  const [, scheme, port, path] = /^([a-z]+):\/\/[^\s/:]+(?::(\d+))?(\/.*)?$/.exec(text) ?? [];
  if (!scheme) return [violation(field, "must be a valid url")];
  return [
    ...(scheme === "http" ? [] : [violation(field, "scheme must be http")]),
    ...(port ? [] : [violation(field, "port must be defined")]),
    ...(path ? [violation(field, "path must not be defined")] : []),
  ];
}

function validateTag(path: string, { name, literal, header }: Tag): Violation[] {
  return [
    ...(name ? [] : [violation(`${path}.name`, "must not be empty")]),
    ...((literal === undefined) === (header === undefined) ? [violation(path, "tag must have only one type defined: header, literal")] : []),
  ];
}

function validateRate(field: string, value: IntOrString | undefined): Violation[] {
  if (value === undefined) return [];
  const number = decimalOf(value);
  if (number === undefined) return [violation(field, "string is not a number")];
  return number < 0 || number > 100 ? [violation(field, "must be between 0 and 100")] : [];
}
