// What MeshFaultInjection puts on an inbound listener.
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { ExtensionWithMatcherSchema } from "#gen/envoy/extensions/common/matching/v3/extension_matcher_pb.js";
import { HTTPFaultSchema, type HTTPFault } from "#gen/envoy/extensions/filters/http/fault/v3/fault_pb.js";
import { chain, messageOf, openHttp, openListener, type InboundPlace, type Typed } from "#envoy";
import type { InboundConf, PolicyResource, SubsetTag } from "#mesh";
import { meshFaultInjectionApply } from "./apply.ts";
import type { FaultInjectionConf } from "./kind.ts";

type Fault = NonNullable<FaultInjectionConf["http"]>[number];

const policy: PolicyResource = { type: "MeshFaultInjection", mesh: "m", name: "p", labels: {}, spec: {}, creationTime: 0, modificationTime: 0, version: 1 };

function filtersOf(conf: Partial<InboundConf>): readonly Typed[] {
  const listener = openListener({ name: "in", address: "::1", port: 80, direction: "inbound", isUnified: false, reusePort: false, bindToPort: true, tags: {} });
  const http = openHttp({ statPrefix: "in", protocol: "http", routeConfigName: "in", virtualHost: "in", internalCidrs: [], ipv6: false });
  listener.chains.push(chain({ terminal: { is: "http", http } }), chain());
  meshFaultInjectionApply.inboundListener?.(listener, { rules: [], fromRules: [], ...conf }, {} as InboundPlace);
  return http.filters;
}

const byTags = (subset: readonly SubsetTag[], ...http: readonly Fault[]): Partial<InboundConf> => ({ fromRules: [{ subset, conf: { http }, origin: [] }] });

function faultOf(filter: Typed | undefined): HTTPFault | undefined {
  const matched = filter && messageOf(filter, ExtensionWithMatcherSchema)?.extensionConfig?.typedConfig;
  return matched ? anyUnpack(matched, HTTPFaultSchema) : filter && messageOf(filter, HTTPFaultSchema);
}

test("every fault is a filter, its percentage as fine as it was written", () => {
  const filters = filtersOf(byTags([], { abort: { httpStatus: 503, percentage: "12.5" } }, { delay: { value: "1500ms", percentage: 10 } }, { responseBandwidth: { limit: "50 Mbps", percentage: "0.1234" } }));
  expect(filters.map(faultOf)).toMatchObject([
    { abort: { errorType: { value: 503 }, percentage: { numerator: 1250, denominator: 1 } } },
    { delay: { faultDelaySecifier: { value: { seconds: 1n, nanos: 500_000_000 } }, percentage: { numerator: 10, denominator: 0 } } },
    { responseRateLimit: { limitType: { value: { limitKbps: 50_000n } }, percentage: { numerator: 1234, denominator: 2 } } },
  ]);
});
test("a bandwidth without a number limits nothing", () => {
  expect(faultOf(filtersOf(byTags([], { responseBandwidth: { limit: "Mbps", percentage: 1 } }))[0])?.responseRateLimit).toBeUndefined();
});
test("the older form looks for callers' tags in a header, and for those it must not find", () => {
  const tags = [{ key: "app", value: "a.b", not: false }, { key: "kuma.io/service", value: "web", not: false }, { key: "team", value: "x", not: true }];
  const fault = faultOf(filtersOf(byTags(tags, { abort: { httpStatus: 503, percentage: 1 } }))[0]);
  const found = fault?.headers.map((it) => {
    const text = it.headerMatchSpecifier.case === "stringMatch" ? it.headerMatchSpecifier.value.matchPattern : undefined;
    return [it.invertMatch, text?.case === "safeRegex" ? text.value.regex : ""] as const;
  });
  expect(found).toEqual([[false, ".*&app=[^&]*a\\.b[,&].*&kuma.io/service=[^&]*web[,&].*"], [true, ".*&team=[^&]*x[,&].*"]]);
  expect("&app=a.b,c&&kuma.io/service=web&&team=y&").toMatch(new RegExp(found?.[0]?.[1] ?? "^$"));
  expect("&app=aXb&&kuma.io/service=web&").not.toMatch(new RegExp(found?.[0]?.[1] ?? "^$"));
});
test("the newer form skips the filter for everybody else, under the policy's name; without a match for nobody", () => {
  const rule = { conf: { http: [{ abort: { httpStatus: 503, percentage: 1 } }] }, origin: { resource: policy, ruleIndex: 0 } };
  const filters = filtersOf({ rules: [{ ...rule, match: { spiffeID: { type: "Exact", value: "spiffe://m/a" } } }, { ...rule, match: undefined }], fromRules: [{ subset: [], conf: rule.conf, origin: [] }] });
  expect(filters.map((it) => it.name)).toEqual(Array(2).fill("kri_mfi_m___p_"));
  const matchers = filters.map((it) => messageOf(it, ExtensionWithMatcherSchema)?.xdsMatcher?.matcherType);
  expect(matchers).toMatchObject([{ case: "matcherList", value: { matchers: [{ predicate: { matchType: { case: "notMatcher" } }, onMatch: { onMatch: { value: { name: "skip" } } } }] } }, { case: undefined }]);
});
