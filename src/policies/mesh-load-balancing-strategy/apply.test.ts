// What MeshLoadBalancingStrategy says of clusters, routes and endpoints.
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Cluster_LbPolicy as LbPolicy } from "#gen/envoy/config/cluster/v3/cluster_pb.js";
import { RouteSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { staticCluster, type OutboundPlace, type Spread } from "#envoy";
import { meshLoadBalancingStrategyApply } from "./apply.ts";
import type { HashPolicy, LoadBalancingConf } from "./kind.ts";

const place = {} as OutboundPlace;

function clusterWith(value: LoadBalancingConf) {
  const draft = staticCluster("web", "http", []);
  meshLoadBalancingStrategyApply.outboundCluster?.(draft, { value }, place);
  return draft.message;
}
function hashesWith(value: LoadBalancingConf) {
  const message = create(RouteSchema, { action: { case: "route", value: {} } });
  meshLoadBalancingStrategyApply.outboundRoute?.({ message, plan: undefined }, { value }, place);
  return message.action.case === "route" ? message.action.value.hashPolicy.map((it) => it.policySpecifier.case) : [];
}
const tags: Readonly<Record<string, string>> = { version: "v1", team: "a" };
const spreadOf = (localityAwareness: LoadBalancingConf["localityAwareness"]): Spread | undefined =>
  meshLoadBalancingStrategyApply.spread?.({ value: { localityAwareness } satisfies LoadBalancingConf }, { zone: "here", tag: (key) => tags[key] });

const header: HashPolicy = { type: "Header", header: { name: "x-user" } };
const query: HashPolicy = { type: "QueryParameter", queryParameter: { name: "q" } };

test("a balancer is told with its own settings alone", () => {
  expect(clusterWith({ loadBalancer: { type: "RingHash", ringHash: { minRingSize: 5 }, maglev: { tableSize: 7 } } })).toMatchObject({ lbPolicy: LbPolicy.RING_HASH, lbConfig: { case: "ringHashLbConfig", value: { minimumRingSize: 5n } } });
  expect(clusterWith({ loadBalancer: { type: "Random" } })).toMatchObject({ lbPolicy: LbPolicy.RANDOM, lbConfig: { case: undefined } });
});
test("hash policies at the root win over those inside the balancer, which count for that balancer only", () => {
  expect(hashesWith({ loadBalancer: { type: "RingHash", ringHash: { hashPolicies: [header] } } })).toEqual(["header"]);
  expect(hashesWith({ loadBalancer: { type: "RoundRobin", ringHash: { hashPolicies: [header] } } })).toEqual([]);
  expect(hashesWith({ hashPolicies: [query], loadBalancer: { type: "Maglev" } })).toEqual(["queryParameter"]);
});
test("localities are weighted where tags are spoken of, even those that the caller lacks", () => {
  expect(clusterWith({ localityAwareness: { localZone: { affinityTags: [{ key: "nothing" }] } } }).commonLbConfig?.localityConfigSpecifier.case).toBe("localityWeightedLbConfig");
  expect(clusterWith({ localityAwareness: { localZone: {} } }).commonLbConfig).toBeUndefined();
});
test("tags get a tenth of the weight of those before, the caller's missing ones counted", () => {
  expect(spreadOf({ localZone: { affinityTags: [{ key: "version" }, { key: "nothing" }, { key: "team" }] } })?.localities?.affinities).toEqual([{ key: "version", value: "v1", weight: 900 }, { key: "team", value: "a", weight: 9 }]);
  expect(spreadOf({ localZone: { affinityTags: Array.from({ length: 20 }, () => ({ key: "team" })) } })?.localities?.affinities[0]?.weight).toBe(2 ** 32 - 1);
});
test("failover for other zones than the caller's is for nobody here, and keeps its place", () => {
  const failover = [{ from: { zones: ["there"] }, to: { type: "Any" as const } }, { from: { zones: ["here"] }, to: { type: "Only" as const, zones: ["z1"] } }];
  expect(spreadOf({ crossZone: { failover, failoverThreshold: { percentage: "30" } } })).toEqual({ prefersLocalZone: true, localities: { affinities: [], labels: [], failover: [{ to: "None", zones: [] }, { to: "Only", zones: ["z1"] }], overprovisioningFactor: 300 } });
});
test("switched off, all zones are alike; left out, the own one is preferred", () => {
  expect([spreadOf({ disabled: true }), spreadOf(undefined)]).toEqual([{ prefersLocalZone: false }, { prefersLocalZone: true }]);
});
