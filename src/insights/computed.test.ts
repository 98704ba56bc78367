// Insights are counted when asked and follow what happens.
import { expect, test } from "vitest";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { DataplaneSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { DataplaneInsightSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import { MeshSchema, Mesh_MeshServices_Mode as ServicesMode } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { MeshInsight, ServiceInsight } from "#gen/kuma/mesh/v1alpha1/insights_pb.js";
import { silentLog, systemClock } from "#platform";
import { kindsOf } from "#resources";
import { coreKinds } from "#resources/kinds";
import { memoryStore } from "#store";
import { globalInsight, withInsights } from "./index.ts";

const kinds = kindsOf(coreKinds);
const naming = { dnsDomain: "mesh", serviceVipPort: 80 };

async function aMesh() {
  const stored = memoryStore({ clock: systemClock, log: silentLog });
  await stored.put({ type: "Mesh", mesh: "", name: "m", labels: {}, spec: create(MeshSchema) }, 0);
  const store = withInsights(stored, { kinds, naming, clock: systemClock });
  const proxy = async (name: string, isUp: boolean, ...inbounds: readonly { service: string; state?: number }[]) => {
    const inbound = inbounds.map(({ service, state = 0 }, index) => ({ port: index + 1, state, tags: { "kuma.io/service": service, "kuma.io/zone": "z" } }));
    await stored.put({ type: "Dataplane", mesh: "m", name, labels: {}, spec: create(DataplaneSchema, { networking: { address: "10.0.0.1", inbound } }) }, 0);
    const stream = { id: "1", connectTime: timestampFromMs(1), ...(isUp ? {} : { disconnectTime: timestampFromMs(2) }), version: { kumaDp: { version: "2.14.3" } } };
    await stored.put({ type: "DataplaneInsight", mesh: "m", name, labels: {}, spec: create(DataplaneInsightSchema, { subscriptions: [stream], mTLS: { issuedBackend: "ca" } }) }, 0);
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  await settled();
  return {
    store, proxy, settled,
    put: async (resource: Parameters<typeof stored.put>[0]) => stored.put(resource, stored.get(resource)?.version ?? 0),
    mesh: () => store.get({ type: "MeshInsight", mesh: "", name: "m" })?.spec as MeshInsight,
    service: (name: string) => (store.list("ServiceInsight", { mesh: "m" })[0]?.spec as ServiceInsight | undefined)?.services[name],
  };
}

test("proxies are counted by state, version and authority", async () => {
  const { proxy, mesh, settled } = await aMesh();
  await proxy("up", true, { service: "web" });
  await proxy("half", true, { service: "web" }, { service: "api", state: 1 });
  await proxy("down", false, { service: "api" });
  await settled();
  expect(mesh().dataplanes).toMatchObject({ total: 3, online: 1, partiallyDegraded: 1, offline: 1 });
  expect(mesh().dpVersions?.kumaDp["2.14.3"]).toMatchObject({ total: 3 });
  expect(mesh().mTLS?.issuedBackends["ca"]).toMatchObject({ total: 3 });
  expect(mesh().services).toMatchObject({ total: 2, internal: 2 });
});

test("a service is online when all behind it are, offline when none is", async () => {
  const { proxy, service, settled } = await aMesh();
  await proxy("up", true, { service: "web" });
  await proxy("half", true, { service: "web" }, { service: "api", state: 1 });
  await settled();
  expect(service("web")).toMatchObject({ status: 3, dataplanes: { total: 2, online: 2 }, addressPort: "web.mesh:80", zones: ["z"] });
  expect(service("api")).toMatchObject({ status: 1, dataplanes: { total: 1, offline: 1 } });
});

test("nothing is counted anew while nothing changes, and a change shows", async () => {
  const { proxy, mesh, settled } = await aMesh();
  const before = mesh();
  expect(mesh()).toBe(before);
  await proxy("up", true, { service: "web" });
  await settled();
  expect(mesh()).not.toBe(before);
  expect(mesh().dataplanes?.online).toBe(1);
});

test("an unknown mesh has no insight, an empty one no service", async () => {
  const { store } = await aMesh();
  expect(store.get({ type: "MeshInsight", mesh: "", name: "other" })).toBeUndefined();
  expect(store.list("ServiceInsight", { mesh: "m" })).toEqual([]);
});

test("the page about everything adds the meshes up", async () => {
  const { store, proxy, settled } = await aMesh();
  await proxy("up", true, { service: "web" });
  await settled();
  expect(globalInsight(store, kinds, "now")).toMatchObject({ meshes: { total: 1 }, dataplanes: { standard: { online: 1, total: 1 } }, services: { internal: { online: 1, total: 1 } } });
});

test("where MeshServices are all there is, delegated gateways alone are services by their tag", async () => {
  const { proxy, mesh, service, settled, put } = await aMesh();
  await put({ type: "Mesh", mesh: "", name: "m", labels: {}, spec: create(MeshSchema, { meshServices: { mode: ServicesMode.Exclusive } }) });
  await put({ type: "Dataplane", mesh: "m", name: "edge", labels: {}, spec: create(DataplaneSchema, { networking: { address: "10.0.0.1", gateway: { tags: { "kuma.io/service": "edge" } } } }) });
  await proxy("up", true, { service: "web" });
  await settled();
  expect([service("web"), service("edge")?.dataplanes?.total, mesh().services, mesh().dataplanes?.total]).toEqual([undefined, 1, undefined, 2]);
});
