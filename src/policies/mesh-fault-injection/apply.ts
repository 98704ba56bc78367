// MeshFaultInjection on Envoy: fault filters in inbound HTTP listeners, one per fault and rule (spec/dataplane.md 6.2).
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { HeaderMatcherSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { ExtensionWithMatcherSchema } from "#gen/envoy/extensions/common/matching/v3/extension_matcher_pb.js";
import { SkipFilterSchema } from "#gen/envoy/extensions/filters/common/matcher/action/v3/skip_action_pb.js";
import { HTTPFaultSchema, type HTTPFault } from "#gen/envoy/extensions/filters/http/fault/v3/fault_pb.js";
import { MatcherSchema } from "#gen/xds/type/matcher/v3/matcher_pb.js";
import { callerPredicate, fractionOf, pack, packNew, protoDuration, typed, type EnvoyPolicy, type Typed } from "#envoy";
import type { InboundConf, InboundRule, Rule, SubsetTag } from "#mesh";
import { durationMs, formatKri, kriOf, type PolicyMatch } from "#resources";
import { meshFaultInjection, type FaultInjectionConf } from "./kind.ts";

type Fault = NonNullable<FaultInjectionConf["http"]>[number];

const filterName = "envoy.filters.http.fault";

export const meshFaultInjectionApply: EnvoyPolicy = {
  kind: "MeshFaultInjection",
  readsCaller: true,
  inboundListener(listener, conf) {
    if (!conf) return;
    for (const { terminal } of listener.chains) if (terminal.is === "http") terminal.http.filters.push(...filtersOf(conf));
  },
};

const filtersOf = ({ rules, fromRules }: InboundConf): readonly Typed[] => (rules.length > 0 ? rules.flatMap(byRule) : fromRules.flatMap(byTags));

const faultsOf = (conf: unknown): readonly Fault[] => (conf as FaultInjectionConf).http ?? [];

// Callers by their names. The filter is skipped for everybody else.

function byRule({ match, conf, origin }: InboundRule): readonly Typed[] {
  const kri = kriOf(meshFaultInjection, origin.resource);
  const name = kri ? formatKri(kri) : filterName;
  const xdsMatcher = match ? everybodyBut(match) : {};
  return faultsOf(conf).map((fault) => typed(name, ExtensionWithMatcherSchema, { extensionConfig: { name: filterName, typedConfig: pack(HTTPFaultSchema, faultFilter(fault)) }, xdsMatcher }));
}

function everybodyBut(match: PolicyMatch) {
  const predicate = { matchType: { case: "notMatcher" as const, value: callerPredicate(match) } };
  const onMatch = { case: "action" as const, value: { name: "skip", typedConfig: packNew(SkipFilterSchema, {}) } };
  return create(MatcherSchema, { matcherType: { case: "matcherList", value: { matchers: [{ predicate, onMatch: { onMatch } }] } } });
}

// The older form: callers by the tags that their proxies write into each request.

function byTags({ subset, conf }: Rule): readonly Typed[] {
  const headers = [...tagsMatcher(subset.filter((it) => !it.not), false), ...tagsMatcher(subset.filter((it) => it.not), true)];
  return faultsOf(conf).map((fault) => ({ name: filterName, schema: HTTPFaultSchema, message: faultFilter(fault, headers) }));
}

/** Tags stand in the header in the order of their keys, as they do in a subset: `&a=1&&b=2,3&`. */
function tagsMatcher(tags: readonly SubsetTag[], invertMatch: boolean): readonly MessageInitShape<typeof HeaderMatcherSchema>[] {
  if (tags.length === 0) return [];
  const regex = `.*${tags.map(({ key, value }) => `&${key}=[^&]*${literal(value)}[,&].*`).join("")}`;
  return [{ name: "x-kuma-tags", invertMatch, headerMatchSpecifier: { case: "stringMatch", value: { matchPattern: { case: "safeRegex", value: { regex } } } } }];
}

/** Values may hold dots. */
const literal = (text: string): string => text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");

function faultFilter({ abort, delay, responseBandwidth }: Fault, headers: readonly MessageInitShape<typeof HeaderMatcherSchema>[] = []): HTTPFault {
  const limitKbps = responseBandwidth && kilobitsOf(responseBandwidth.limit);
  return create(HTTPFaultSchema, {
    headers: [...headers],
    ...(abort ? { abort: { errorType: { case: "httpStatus", value: abort.httpStatus }, percentage: fractionOf(abort.percentage) } } : {}),
    ...(delay ? { delay: { faultDelaySecifier: { case: "fixedDelay", value: protoDuration(durationMs(delay.value) ?? 0) }, percentage: fractionOf(delay.percentage) } } : {}),
    ...(limitKbps === undefined ? {} : { responseRateLimit: { limitType: { case: "fixedLimit", value: { limitKbps } }, percentage: fractionOf(responseBandwidth?.percentage ?? 0) } }),
  });
}

const kilobits: Readonly<Record<string, bigint>> = { k: 1n, M: 1000n, G: 1_000_000n };

/** `10kbps`, `50 Mbps`, `1Gbps`; what says no number limits nothing. */
function kilobitsOf(limit: string): bigint | undefined {
  const [, number, unit = ""] = /^(\d+)\s?([GMk])bps$/.exec(limit) ?? [];
  return number === undefined ? undefined : BigInt(number) * (kilobits[unit] ?? 1n);
}
