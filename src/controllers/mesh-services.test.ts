// Which MeshServices come into being, what they hold, and how they go.
import { expect, test } from "vitest";
import type { MeshServiceSpec, MeshServiceStatus } from "#resources/kinds";
import { fakeZone, place } from "./fake/zone.ts";
import { generateMeshServices, type MeshServiceOptions } from "./mesh-services.ts";

const graceLabel = "kuma.io/deletion-grace-period-started-at";

function start(more: Partial<MeshServiceOptions> = {}) {
  const zone = fakeZone();
  const part = generateMeshServices({ ...zone.parts, place, deletionGracePeriodMs: 60_000, labelPropagation: { enabled: false, allowedLabelKeys: [] }, ...more });
  return { ...zone, stop: zone.run(part), service: (name: string) => zone.get<MeshServiceSpec, MeshServiceStatus>("MeshService", "m", name) };
}

test("a service tag becomes a MeshService with the ports of its Dataplane", async () => {
  const it = start();
  await it.mesh("m");
  await it.dataplane("m", "dp", [{ port: 80, service: "web", protocol: "http", name: "main" }, { port: 81, service: "web" }, { port: 90, service: "admin" }]);
  await it.pass();
  await it.stop();
  expect(it.names("MeshService", "m")).toEqual(["admin", "web"]);
  expect(it.service("web")?.spec).toEqual({
    state: "Unavailable", selector: { dataplaneTags: { "kuma.io/service": "web" } },
    ports: [{ name: "main", port: 80, targetPort: 80, appProtocol: "http" }, { name: "81", port: 81, targetPort: 81, appProtocol: "tcp" }],
  });
  expect(it.service("web")?.labels).toEqual({
    "kuma.io/display-name": "web", "kuma.io/env": "universal", "kuma.io/managed-by": "meshservice-generator", "kuma.io/mesh": "m", "kuma.io/origin": "zone", "kuma.io/zone": "default",
  });
});
test("names that are no DNS label, gateways and meshes without MeshServices give none", async () => {
  const it = start();
  await it.mesh("m");
  await it.mesh("old", "Disabled");
  await it.dataplane("m", "dp", ["web_1", "Upper", "a.b", "1abc", "b".repeat(64)].map((service, at) => ({ port: 80 + at, service })));
  await it.dataplane("old", "dp", [{ port: 80, service: "web" }]);
  await it.put("Dataplane", "m", "gateway", { networking: { address: "192.0.2.1", gateway: { tags: { "kuma.io/service": "gateway" } } } });
  await it.pass();
  await it.stop();
  expect([it.names("MeshService", "m"), it.names("MeshService", "old")]).toEqual([[], []]);
});
test("the oldest Dataplane decides on ports, the stored ones stay while one still has them", async () => {
  const it = start();
  await it.mesh("m");
  await it.dataplane("m", "b", [{ port: 82, service: "web" }]);
  await it.dataplane("m", "a", [{ port: 81, service: "web" }]);
  await it.pass();
  expect(it.service("web")?.spec.ports?.[0]?.port).toBe(82);
  await it.remove("Dataplane", "m", "b");
  await it.pass();
  expect(it.service("web")?.spec.ports?.[0]?.port).toBe(81);
  await it.dataplane("m", "0", [{ port: 80, service: "web" }]);
  await it.pass();
  await it.stop();
  expect(it.service("web")?.spec.ports?.[0]?.port).toBe(81);
});
test("a service that nobody serves is marked, then removed when its time is over", async () => {
  const it = start();
  await it.mesh("m");
  await it.dataplane("m", "dp", [{ port: 80, service: "web" }]);
  await it.pass();
  await it.remove("Dataplane", "m", "dp");
  await it.pass(1000);
  expect(it.service("web")?.labels[graceLabel]).toMatch(/^2026-01-01T00:00:/);
  await it.pass(50_000);
  expect(it.service("web")).toBeDefined();
  await it.pass(20_000);
  await it.stop();
  expect(it.service("web")).toBeUndefined();
});
test("a service that is served again in time stays, its mark goes", async () => {
  const it = start();
  await it.mesh("m");
  await it.dataplane("m", "dp", [{ port: 80, service: "web" }]);
  await it.pass();
  await it.remove("Dataplane", "m", "dp");
  await it.pass();
  await it.dataplane("m", "dp", [{ port: 80, service: "web" }]);
  await it.pass(70_000);
  await it.stop();
  expect(it.service("web")?.labels[graceLabel]).toBeUndefined();
});
test("a mesh whose MeshServices are switched off loses the generated ones at once, and no others", async () => {
  const it = start();
  await it.mesh("m");
  await it.put("MeshService", "m", "own", { spec: { selector: { dataplaneTags: { app: "x" } } } });
  await it.dataplane("m", "dp", [{ port: 80, service: "web" }]);
  await it.pass();
  await it.mesh("m", "Disabled");
  await it.pass();
  await it.stop();
  expect(it.names("MeshService", "m")).toEqual(["own"]);
});
test("a MeshService that somebody made is left alone", async () => {
  const it = start();
  await it.mesh("m");
  await it.put("MeshService", "m", "web", { spec: { selector: { dataplaneTags: { app: "x" } }, ports: [{ port: 1 }] } });
  await it.dataplane("m", "dp", [{ port: 80, service: "web" }]);
  await it.pass();
  await it.remove("Dataplane", "m", "dp");
  await it.pass(100_000);
  await it.stop();
  expect(it.service("web")?.spec.ports).toEqual([{ port: 1, appProtocol: "tcp" }]);
});
test("what others wrote into a generated service stays: state, identities, status, labels", async () => {
  const it = start();
  await it.mesh("m");
  await it.dataplane("m", "dp", [{ port: 80, service: "web" }]);
  await it.pass();
  await it.door.update({ is: "controller", name: "other" }, { type: "MeshService", mesh: "m", name: "web" }, (current) =>
    current && { ...current, spec: { ...(current.spec as object), state: "Available" }, labels: { ...current.labels, team: "a" }, status: { vips: [{ ip: "241.0.0.0" }] } },
  );
  await it.dataplane("m", "dp", [{ port: 81, service: "web" }]);
  await it.pass();
  await it.stop();
  expect(it.service("web")).toMatchObject({ spec: { state: "Available", ports: [{ port: 81 }] }, labels: { team: "a" }, status: { vips: [{ ip: "241.0.0.0" }] } });
});
test("labels and shared tags are propagated, the youngest Dataplane last, and taken away again", async () => {
  const it = start({ labelPropagation: { enabled: true, allowedLabelKeys: ["team", "app"] } });
  await it.mesh("m");
  await it.dataplane("m", "a", [{ port: 80, service: "web", tags: { team: "tag", app: "one" } }, { port: 81, service: "web", tags: { app: "two" } }], { team: "first", other: "x" });
  await it.dataplane("m", "b", [{ port: 80, service: "web" }], { team: "second" });
  await it.pass();
  const own = (labels = it.service("web")?.labels ?? {}) => Object.entries(labels).filter(([key]) => /team|app|pkey|other/.test(key));
  expect(own()).toEqual([["team", "second"], ["kuma.io/pkey-ca8b22d0db83a22d", ""]]);
  await it.dataplane("m", "a", [{ port: 80, service: "web" }]);
  await it.dataplane("m", "b", [{ port: 80, service: "web" }]);
  await it.pass();
  await it.stop();
  expect(own()).toEqual([]);
});
test("a storm of Dataplanes writes each service once", async () => {
  const it = start();
  await it.mesh("m");
  for (let at = 0; at < 40; at++) await it.dataplane("m", `dp-${at}`, [{ port: 80, service: `s${at % 4}` }]);
  await it.pass();
  await it.stop();
  expect(it.counts.writes).toBe(4);
});
