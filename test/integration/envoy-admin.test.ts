// What the pages of Envoy's admin interface say when there is nothing to show.
import { afterAll, beforeAll, expect, test } from "vitest";
import { dataplaneResource, startTestControlPlane, type TestControlPlane } from "../harness/control-plane.ts";

let controlPlane: TestControlPlane;
beforeAll(async () => {
  controlPlane = await startTestControlPlane();
  await controlPlane.put("/meshes/default/dataplanes/d1", dataplaneResource("d1"));
});
afterAll(() => controlPlane.stop());

const asked = async (path: string) => {
  const { status, text } = await controlPlane.get(path);
  const { title, detail } = JSON.parse(text) as { title: string; detail: string };
  return { status, title, detail };
};

test("a proxy that never connected is named with the reason", async () => {
  expect(await asked("/meshes/default/dataplanes/d1/xds")).toEqual({
    status: 500, title: "Could not execute admin operation", detail: "the proxy d1 has never connected to this control plane",
  });
});

test("an unknown Dataplane is not found", async () => {
  expect(await asked("/meshes/default/dataplanes/nope/stats")).toMatchObject({ status: 404, title: "Could not get dataplane resource" });
});

test("an unknown page is not found", async () => {
  expect(await asked("/meshes/default/dataplanes/d1/foo")).toMatchObject({ status: 404, title: "Could not execute admin operation" });
});

test("an unknown ZoneIngress is not found", async () => {
  expect(await asked("/zoneingresses/nope/xds")).toMatchObject({ status: 404, title: "Could not get zone ingress resource" });
});
