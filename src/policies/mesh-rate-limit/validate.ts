// What a MeshRateLimit must satisfy beyond its schema (spec/api.md 1.11).
import {
  durationMs, eachItem, includesGateways, positiveCount, topKinds, validateMatches, validateTargetRef, violation, type Resource, type Violation,
} from "#resources";
import type { MeshRateLimitSpec, RateLimitConf } from "./kind.ts";

type Local = NonNullable<RateLimitConf["local"]>;

export function validateMeshRateLimit(spec: MeshRateLimitSpec, resource: Resource): Violation[] {
  const { from, to, rules } = spec;
  const isInbound = Boolean(from?.length || rules?.length);
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: topKinds(resource, { gateway: "system", route: true }), gatewayTags: true, isInbound }),
    ...(rules?.length && (to?.length || from?.length) ? [violation("spec", "fields 'to' and 'from' must be empty when 'rules' is defined")] : []),
    ...validateInbound(spec),
    ...(to?.length && !includesGateways(spec.targetRef)
      ? [violation("spec.to", "must not be defined")]
      : eachItem("spec.to", to, (path, item) => [
          ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: ["Mesh"] }),
          ...validateConf(`${path}.default`, item.default),
        ])),
  ];
}

function validateInbound({ targetRef, from, rules }: MeshRateLimitSpec): Violation[] {
  if (includesGateways(targetRef)) {
    const noFrom = "must not be defined when the scope includes a Gateway, select only proxyType Sidecar or select only gateways and use spec.to";
    return [...(rules?.length ? [violation("spec.rules", "must not be defined")] : []), ...(from?.length ? [violation("spec.from", noFrom)] : [])];
  }
  return [
    ...eachItem("spec.rules", rules, (path, rule) => [
      ...validateMatches(`${path}.matches`, rule.matches),
      ...validateConf(`${path}.default`, rule.default),
      ...(rule.default.local?.tcp && rule.matches?.some((match) => match.spiffeID)
        ? [violation(`${path}.default.local.tcp`, "can't be specified when matches contain spiffeID because this field cannot be conditioned on source identity")]
        : []),
    ]),
    ...eachItem("spec.from", from, (path, item) => [
      ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: ["Mesh"] }),
      ...validateConf(`${path}.default`, item.default),
    ]),
  ];
}

function validateConf(path: string, { local }: RateLimitConf): Violation[] {
  const field = `${path}.local`;
  if (!local) return [violation(field, "must be defined")];
  if (!local.tcp && !local.http) return [violation(field, "must have at least one defined: tcp, http")];
  return [...(local.http ? validateHttp(`${field}.http`, local.http) : []), ...(local.tcp ? validateTcp(`${field}.tcp`, local.tcp) : [])];
}

function validateHttp(path: string, { disabled, requestRate, onRateLimit }: NonNullable<Local["http"]>): Violation[] {
  if (disabled === undefined && !requestRate && !onRateLimit) return [violation(path, "must have at least one defined: disabled, requestRate, onRateLimit")];
  return [...validateRate(`${path}.requestRate`, requestRate), ...positiveCount(`${path}.onRateLimit.status`, onRateLimit?.status)];
}

function validateTcp(path: string, { disabled, connectionRate }: NonNullable<Local["tcp"]>): Violation[] {
  if (disabled === undefined && !connectionRate) return [violation(path, "must have at least one defined: disabled, connectionRate")];
  return validateRate(`${path}.connectionRate`, connectionRate);
}

function validateRate(path: string, rate: { readonly num: number; readonly interval: string } | undefined): Violation[] {
  if (!rate) return [];
  // Envoy refills its token bucket at most every 50 ms.
  return [...positiveCount(`${path}.num`, rate.num), ...(durationMs(rate.interval) > 50 ? [] : [violation(`${path}.interval`, "must be greater than: 50ms")])];
}

export function rateLimitDeprecations({ from = [], rules = [], to = [] }: MeshRateLimitSpec): readonly string[] {
  const sections = { from, rules, to };
  return Object.entries(sections).flatMap(([section, items]) =>
    items.flatMap((item, index) => {
      const status = item.default.local?.http?.onRateLimit?.status;
      if (status === undefined || status >= 400) return [];
      return [`'spec.${section}[${index}].default.local.http.requestRate.status' must be 400 or higher. Please update your configuration.`];
    }),
  );
}
