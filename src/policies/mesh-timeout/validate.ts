// What a MeshTimeout must satisfy beyond its schema (spec/api.md 1.11).
import {
  eachItem, nonNegativeDuration, positiveDuration, topKinds, validateMatches, validateSections, validateTargetRef, violation,
  type Resource, type TargetRefKind, type Violation,
} from "#resources";
import type { MeshTimeoutSpec, TimeoutConf } from "./kind.ts";

type Field = keyof TimeoutConf | `http.${keyof NonNullable<TimeoutConf["http"]>}`;

const allTo: readonly TargetRefKind[] = ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshHTTPRoute"];
const narrowTo: readonly TargetRefKind[] = ["Mesh", "MeshExternalService"];

const notPerRoute: readonly Field[] = ["connectionTimeout", "idleTimeout", "http.maxStreamDuration", "http.maxConnectionDuration"];
const notPerClient: readonly Field[] = ["connectionTimeout", "idleTimeout", "http.requestHeadersTimeout", "http.maxStreamDuration", "http.maxConnectionDuration"];

export function validateMeshTimeout(spec: MeshTimeoutSpec, resource: Resource): Violation[] {
  const isInbound = Boolean(spec.from?.length || spec.rules?.length);
  const top = spec.targetRef?.kind;
  const isNarrow = top === "MeshHTTPRoute" || top === "MeshGateway";
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: topKinds(resource, { gateway: "system", route: true }), gatewayTags: true, isInbound }),
    ...validateSections(spec),
    ...eachItem("spec.rules", spec.rules, (path, rule) => [
      ...validateMatches(`${path}.matches`, rule.matches),
      ...validateConf(`${path}.default`, rule.default),
      ...(rule.matches?.some((match) => match.spiffeID)
        ? refuse(`${path}.default`, rule.default, notPerClient, "can't be specified when matches contain spiffeID because this field cannot be conditioned on source identity")
        : []),
    ]),
    ...(isNarrow && spec.from?.length
      ? [violation("spec.from", "must not be defined")]
      : eachItem("spec.from", spec.from, (path, item) => [
          ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: ["Mesh"] }),
          ...validateConf(`${path}.default`, item.default),
        ])),
    ...eachItem("spec.to", spec.to, (path, item) => [
      ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: isNarrow ? narrowTo : allTo }),
      ...validateConf(`${path}.default`, item.default),
      ...(top === "MeshHTTPRoute"
        ? refuse(`${path}.default`, item.default, notPerRoute, "can't be specified when top-level TargetRef is referencing MeshHTTPRoute")
        : []),
    ]),
  ];
}

function validateConf(path: string, conf: TimeoutConf): Violation[] {
  const { connectionTimeout, idleTimeout, http } = conf;
  if (!connectionTimeout && !idleTimeout && !http) return [violation(path, "at least one timeout should be configured")];
  return [
    ...positiveDuration(`${path}.connectionTimeout`, connectionTimeout),
    ...nonNegativeDuration(`${path}.idleTimeout`, idleTimeout),
    ...(http ? validateHttp(`${path}.http`, http) : []),
  ];
}

function validateHttp(path: string, http: NonNullable<TimeoutConf["http"]>): Violation[] {
  if (Object.values(http).every((value) => value === undefined)) return [violation(path, "at least one timeout in this section should be configured")];
  return [
    ...nonNegativeDuration(`${path}.requestTimeout`, http.requestTimeout),
    ...nonNegativeDuration(`${path}.streamIdleTimeout`, http.streamIdleTimeout),
    ...nonNegativeDuration(`${path}.maxStreamDuration`, http.maxStreamDuration),
    ...nonNegativeDuration(`${path}.maxConnectionDuration`, http.maxConnectionDuration),
    ...nonNegativeDuration(`${path}.requestHeadersTimeout`, http.requestHeadersTimeout),
  ];
}

function refuse(path: string, conf: TimeoutConf, fields: readonly Field[], message: string): Violation[] {
  const set = new Set<string>([...Object.keys(conf), ...Object.keys(conf.http ?? {}).map((key) => `http.${key}`)]);
  return fields.filter((field) => set.has(field)).map((field) => violation(`${path}.${field}`, message));
}
