// Which localities a cluster's endpoints form, and which of them come first.
import { fromBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { ClusterLoadAssignmentSchema } from "#gen/envoy/config/endpoint/v3/endpoint_pb.js";
import type { Endpoint } from "#mesh";
import { createSealer } from "../seal.ts";
import type { Failover, Spread } from "../spread.ts";
import { sealEndpoints } from "./endpoints.ts";

const endpoint = (address: string, zone: string, tags: Readonly<Record<string, string>> = {}): Endpoint => ({ address, port: 80, tags, labels: { app: "web" }, zone, protocol: "http", weight: 1, inboundName: "80", isHealthy: true, dataplaneName: address });
const endpoints = [endpoint("a", "here", { version: "v1", rack: "r1" }), endpoint("b", "here", { version: "v2", rack: "r1" }), endpoint("c", "here"), endpoint("x", "z1"), endpoint("y", "z2"), endpoint("z", "z3")];

function assignment(spread: Spread) {
  const sealed = sealEndpoints("web", endpoints, { localZone: "here", spread }, createSealer());
  return fromBinary(ClusterLoadAssignmentSchema, fromBinary(AnySchema, sealed.any).value);
}
/** Per locality: where, priority, weight, whose. */
const localities = (spread: Spread) =>
  assignment(spread).endpoints.map((it) => [
    `${it.locality?.zone}/${it.locality?.subZone}`, it.priority, it.loadBalancingWeight,
    it.lbEndpoints.map(({ hostIdentifier: { value } }) => (typeof value === "object" && value.address?.address.case === "socketAddress" ? value.address.address.value.address : "")).join(""),
  ]);
const others = (...failover: readonly Failover[]) => localities({ prefersLocalZone: true, localities: { affinities: [], labels: [], failover, overprovisioningFactor: 200 } }).slice(1).map(([zone, priority]) => `${zone}${priority}`);

test("without rules a zone is a locality, and others come later where the own one is preferred", () => {
  expect(localities({ prefersLocalZone: true })).toEqual([["here/", 0, undefined, "abc"], ["z1/", 1, undefined, "x"], ["z2/", 1, undefined, "y"], ["z3/", 1, undefined, "z"]]);
  expect(localities({ prefersLocalZone: false }).map((it) => it[1])).toEqual([0, 0, 0, 0]);
});
test("an endpoint is in the locality of the first tag it shares with the caller", () => {
  const affinities = [{ key: "version", value: "v1", weight: 90 }, { key: "rack", value: "r1", weight: 9 }];
  expect(localities({ prefersLocalZone: true, localities: { affinities, labels: [], failover: [], overprovisioningFactor: 200 } })).toEqual([["here/", 0, 1, "c"], ["here/rack=r1", 0, 9, "b"], ["here/version=v1", 0, 90, "a"]]);
});
test("an endpoint without the tag is known by its label", () => {
  expect(localities({ prefersLocalZone: true, localities: { affinities: [{ key: "app", value: "web", weight: 9 }], labels: ["app"], failover: [], overprovisioningFactor: 200 } })).toEqual([["here/app=web", 0, 9, "abc"]]);
});
test("other zones are called in the order of the entries that mean them, or not at all", () => {
  expect(others()).toEqual([]);
  expect(others({ to: "Any", zones: [] })).toEqual(["z1/1", "z2/1", "z3/1"]);
  expect(others({ to: "Only", zones: ["z3"] }, { to: "Only", zones: ["z1", "z2"] })).toEqual(["z1/2", "z2/2", "z3/1"]);
  expect(others({ to: "AnyExcept", zones: ["z2"] }, { to: "None", zones: [] }, { to: "Any", zones: [] })).toEqual(["z1/1", "z2/3", "z3/1"]);
});
test("where localities are ruled, the factor is said, and of the labels those that were asked for", () => {
  const ruled = assignment({ prefersLocalZone: true, localities: { affinities: [], labels: [], failover: [], overprovisioningFactor: 400 } });
  expect([ruled.policy?.overprovisioningFactor, ruled.endpoints[0]?.lbEndpoints[2]?.metadata]).toEqual([400, undefined]);
  const asking = assignment({ prefersLocalZone: true, localities: { affinities: [], labels: ["app"], failover: [], overprovisioningFactor: 400 } });
  expect(asking.endpoints[0]?.lbEndpoints[2]?.metadata?.filterMetadata).toEqual({ "io.kuma.labels": { app: "web" } });
  expect(assignment({ prefersLocalZone: true }).endpoints[0]?.lbEndpoints[2]?.metadata?.filterMetadata).toEqual({ "io.kuma.labels": { app: "web" } });
});
