// A ZoneIngress says what its zone offers, and follows it.
import { expect, test } from "vitest";
import type { ZoneIngress } from "#gen/kuma/mesh/v1alpha1/zone_proxies_pb.js";
import { keepAvailableServices } from "./available-services.ts";
import { fakeZone, place } from "./fake/zone.ts";

const networking = { address: "10.0.0.1", port: 10001 };

async function start(tagFilters: readonly string[] = []) {
  const zone = fakeZone();
  const stop = zone.run(keepAvailableServices({ ...zone.parts, place, gapMs: 1000, tagFilters }));
  await zone.put("ZoneIngress", "", "own", { networking, availableServices: [{ tags: { "kuma.io/service": "old" }, instances: 9, mesh: "m" }] });
  const offered = (name = "own") => ((zone.get("ZoneIngress", "", name)?.spec as ZoneIngress | undefined)?.availableServices ?? []).map(({ mesh, tags, instances, externalService }) => {
    const { "kuma.io/service": service, "kuma.io/zone": _zone, ...others } = tags;
    return [mesh, service, instances, others, ...(externalService ? ["external"] : [])];
  });
  return { ...zone, stop, offered };
}
const mtls = { enabledBackend: "ca", backends: [{ name: "ca", type: "builtin" }] };

test("equal tags of healthy inbounds are one service with a count, meshes by name", async () => {
  const it = await start();
  await it.mesh("z");
  await it.mesh("m");
  await it.dataplane("z", "a", [{ port: 80, service: "web" }]);
  await it.dataplane("m", "b", [{ port: 80, service: "web", tags: { v: "1" } }, { port: 81, service: "down", state: "NotReady" }, { port: 82, service: "hidden", state: "Ignored" }]);
  await it.dataplane("m", "c", [{ port: 80, service: "web", tags: { v: "1" } }, { port: 81, service: "api" }]);
  await it.pass();
  await it.stop();
  expect(it.offered()).toEqual([["m", "api", 1, {}], ["m", "web", 2, { v: "1" }], ["z", "web", 1, {}]]);
});

test("it follows proxies that come and go, and writes nothing while nothing changes", async () => {
  const it = await start();
  await it.mesh("m");
  await it.dataplane("m", "a", [{ port: 80, service: "web" }]);
  await it.pass();
  expect(it.offered()).toEqual([["m", "web", 1, {}]]);
  const { writes } = it.counts;
  await it.put("Dataplane", "m", "g", { networking: { address: "10.0.0.2", gateway: { tags: { "kuma.io/service": "delegated" } } } });
  await it.pass();
  expect(it.counts.writes).toBe(writes);
  await it.remove("Dataplane", "m", "a");
  await it.pass();
  await it.stop();
  expect(it.offered()).toEqual([]);
});

test("external services of this zone behind an egress, and cross-mesh gateways, also of meshes with MeshServices only", async () => {
  const it = await start();
  await it.mesh("m", "Everywhere", { mtls, routing: { zoneEgress: true } });
  await it.mesh("x", "Exclusive", { mtls, routing: { zoneEgress: true } });
  const external = (name: string, zone?: string) => it.put("ExternalService", "m", name, { networking: { address: "a.com:80" }, tags: { "kuma.io/service": name, ...(zone ? { "kuma.io/zone": zone } : {}) } });
  await external("here", "default");
  await external("there", "other");
  await external("anywhere");
  await it.dataplane("x", "a", [{ port: 80, service: "web" }]);
  await it.put("Dataplane", "x", "g", { networking: { address: "10.0.0.2", gateway: { type: "BUILTIN", tags: { "kuma.io/service": "edge", "a": "b" } } } });
  await it.put("MeshGateway", "x", "edge", {
    selectors: [{ match: { "kuma.io/service": "edge" } }], tags: { team: "t" },
    conf: { listeners: [{ port: 80, protocol: "HTTP", hostname: "x.mesh", crossMesh: true, tags: { p: "q" } }, { port: 81, protocol: "HTTP" }] },
  });
  await it.pass();
  await it.stop();
  expect(it.offered()).toEqual([["m", "here", 1, {}, "external"], ["x", "edge", 1, { "a": "b", "kuma.io/mesh": "x", p: "q", team: "t" }]]);
});

test("ingresses of other zones say themselves what they offer; other zones see only the tags that they may", async () => {
  const it = await start(["kuma.io/"]);
  await it.mesh("m");
  await it.dataplane("m", "a", [{ port: 80, service: "web", tags: { v: "1" } }]);
  await it.put("ZoneIngress", "", "remote", { zone: "other", networking, availableServices: [{ tags: { "kuma.io/service": "far" }, instances: 1, mesh: "m" }] });
  await it.pass();
  await it.stop();
  expect([it.offered(), it.offered("remote")]).toEqual([[["m", "web", 1, {}]], [["m", "far", 1, {}]]]);
});
