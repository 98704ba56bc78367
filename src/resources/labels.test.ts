// Labels and names as this control plane writes and refuses them.
import { expect, test } from "vitest";
import { coreKinds } from "#resources/kinds";
import { computeLabels, hashedName, kindsOf, validateLabels, validateUnchanged, type Place } from "./index.ts";

const kinds = kindsOf(coreKinds);
const kind = (name: string) => kinds.byName(name) ?? expect.unreachable(name);
const zone: Place = { mode: "zone", zone: "east", federated: false, environment: "universal", systemNamespace: "kuma-system" };
const global: Place = { ...zone, mode: "global", zone: "" };
const service = { mesh: "default", labels: {}, spec: {} };

test("a zone says where what it provides comes from", () => {
  expect(computeLabels(kind("MeshService"), service, zone)).toEqual({ "kuma.io/env": "universal", "kuma.io/mesh": "default", "kuma.io/origin": "zone", "kuma.io/zone": "east" });
});
test("what comes from global gets no zone", () => {
  expect(computeLabels(kind("MeshService"), { ...service, labels: { "kuma.io/origin": "global" } }, zone)).toEqual({ "kuma.io/mesh": "default", "kuma.io/origin": "global" });
});
test("global adds only the mesh", () => {
  expect(computeLabels(kind("MeshExternalService"), service, global)).toEqual({ "kuma.io/mesh": "default" });
});
test("a zone cannot be claimed by another", () => {
  const labels = { "kuma.io/mesh": "other", "kuma.io/zone": "z" };
  expect(validateLabels(kind("MeshService"), { ...service, labels }, zone).map((it) => it.message)).toEqual([
    "kuma.io/zone label should have east value", "kuma.io/mesh label must not differ from mesh set on resource",
  ]);
});
test("an unknown origin is refused", () => {
  expect(validateLabels(kind("MeshService"), { ...service, labels: { "kuma.io/origin": "moon" } }, zone)).toEqual([{ field: 'labels["kuma.io/origin"]', message: 'unknown resource origin "moon"' }]);
});
test("a federated zone wants the origin in writing", () => {
  expect(validateLabels(kind("MeshExternalService"), service, { ...zone, federated: true })).toEqual([{ field: 'labels["kuma.io/origin"]', message: "the origin label must be set to 'zone'" }]);
});
test("origin and zone stay what they are", () => {
  expect(validateUnchanged({ "kuma.io/origin": "zone", "kuma.io/zone": "east" }, { "kuma.io/origin": "global" }).map((it) => it.message)).toEqual([
    'is immutable, cannot be changed from "zone" to "global"', 'is immutable, cannot be removed (was "east")',
  ]);
});
test("the hash of a synced name is the reference's", () => {
  expect(hashedName("default", "default-timeout-global")).toBe("default-timeout-global-54dbd4c66zwbcf9c");
  expect(hashedName("default", "redis-zone-1", "zone-1")).toBe("redis-zone-1-2v6wfvvcvbc9f55d");
});
