// The cost of a decision at a thousand Dataplanes.
import { expect, test } from "vitest";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { Resource } from "#resources";
import type { MeshService } from "#resources/kinds";
import { fakeZone, place } from "./fake/zone.ts";
import { decideStatus } from "./mesh-service-status.ts";
import { generateMeshServices, decideMeshServices } from "./mesh-services.ts";

test("one changed Dataplane among 1,000 with 200 services is decided on far within the gap between passes", async () => {
  const it = fakeZone();
  const settings = { place, deletionGracePeriodMs: 1000, labelPropagation: { enabled: false, allowedLabelKeys: [] } };
  const stop = it.run(generateMeshServices({ ...it.parts, ...settings }));
  await it.mesh("m");
  for (let at = 0; at < 1000; at++) await it.dataplane("m", `dp-${at}`, [{ port: 80, service: `s-${at % 200}` }]);
  await it.pass();
  await stop();
  const view = () => ({
    mesh: it.get("Mesh", "", "m") as Resource<Mesh>, services: it.store.list("MeshService", { mesh: "m" }) as readonly MeshService[],
    dataplanes: () => it.store.list("Dataplane", { mesh: "m" }) as readonly Resource<Dataplane>[], insightOf: () => undefined, hasIdentities: false, now: 0,
  });
  const timed = (decide: () => void) => {
    const from = performance.now();
    decide();
    return performance.now() - from;
  };
  decideMeshServices({ ...view(), ...settings });
  decideStatus(view());
  await it.dataplane("m", "dp-7", [{ port: 81, service: "s-7" }]);
  const spent = [timed(() => decideMeshServices({ ...view(), ...settings })), timed(() => decideStatus(view()))];
  expect(Math.max(...spent)).toBeLessThan(100);
});
