// The work of a decision at a thousand Dataplanes: it grows with them, not with them times the services.
import { expect, test } from "vitest";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { Resource } from "#resources";
import type { MeshService } from "#resources/kinds";
import { fakeZone, place } from "./fake/zone.ts";
import { decideStatus } from "./mesh-service-status.ts";
import { generateMeshServices, decideMeshServices } from "./mesh-services.ts";

const [proxies, services] = [1000, 200];

/** The same resources, counting how often anything of them is read. */
function counted() {
  const known = new WeakMap<Resource<Dataplane>, Resource<Dataplane>>();
  const reads = { count: 0 };
  const of = (it: Resource<Dataplane>) => {
    const own = known.get(it) ?? new Proxy(it, { get: (target, key) => (reads.count++, Reflect.get(target, key) as unknown) });
    known.set(it, own);
    return own;
  };
  return { reads, all: (list: readonly Resource<Dataplane>[]) => list.map(of) };
}

test("one changed Dataplane among 1,000 with 200 services: each Dataplane is read a few times, not once a service", async () => {
  const it = fakeZone();
  const settings = { place, deletionGracePeriodMs: 1000, labelPropagation: { enabled: false, allowedLabelKeys: [] } };
  const stop = it.run(generateMeshServices({ ...it.parts, ...settings }));
  await it.mesh("m");
  for (let at = 0; at < proxies; at++) await it.dataplane("m", `dp-${at}`, [{ port: 80, service: `s-${at % services}` }]);
  await it.pass();
  await stop();
  const { reads, all } = counted();
  const view = () => ({
    mesh: it.get("Mesh", "", "m") as Resource<Mesh>, services: it.store.list("MeshService", { mesh: "m" }) as readonly MeshService[],
    dataplanes: () => all(it.store.list("Dataplane", { mesh: "m" }) as readonly Resource<Dataplane>[]), insightOf: () => undefined, hasIdentities: false, now: 0,
  });
  const readsOf = (decide: () => void) => {
    const before = reads.count;
    decide();
    return (reads.count - before) / proxies;
  };
  decideMeshServices({ ...view(), ...settings });
  decideStatus(view());
  await it.dataplane("m", "dp-7", [{ port: 81, service: "s-7" }]);
  expect(view().services).toHaveLength(services);
  for (const spent of [readsOf(() => decideMeshServices({ ...view(), ...settings })), readsOf(() => decideStatus(view()))]) {
    expect(spent).toBeGreaterThan(0);
    expect(spent).toBeLessThan(services / 4);
  }
});
