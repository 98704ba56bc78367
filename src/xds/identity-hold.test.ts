// Going over to a MeshIdentity waits for the others, but not for ever.
import { create } from "@bufbuild/protobuf";
import { expect, test, vi } from "vitest";
import { DataplaneSchema, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { MeshSchema } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { meshView } from "#mesh";
import { fakePlatform } from "#platform/fake";
import type { Resource } from "#resources";
import { identityHold } from "./identity-hold.ts";

const common = { mesh: "m", creationTime: 0, modificationTime: 0, version: 1 };
const dataplane: Resource<Dataplane> = { ...common, type: "Dataplane", name: "web", labels: { "kuma.io/workload": "web" }, spec: create(DataplaneSchema) };
const identity: Resource = {
  ...common, type: "MeshIdentity", name: "id", labels: {}, spec: { selector: { dataplane: {} }, provider: { type: "Bundled" } }, status: { conditions: [{ type: "Ready", status: "True", reason: "", message: "" }] },
};
const view = (hasMtls: boolean) => {
  const mtls = hasMtls ? { mtls: { enabledBackend: "ca", backends: [{ name: "ca", type: "builtin" }] } } : {};
  const settings = { internalCidrs: [], serviceVipPort: 80, dnsDomain: "mesh", spireSocketPath: "" };
  return meshView({ mesh: { ...common, type: "Mesh", mesh: "", name: "m", labels: {}, spec: create(MeshSchema, mtls) }, zone: "z", settings, lists: new Map([["MeshIdentity", [identity]]]) });
};

function aHold() {
  const platform = fakePlatform();
  const [others, onOver] = [{ accept: false, name: false }, vi.fn()];
  const issuer = { authority: { caPem: "", issue: () => Promise.reject(new Error("not here")) }, backend: "", lifetimeMs: 1, isOfIdentity: true };
  const hold = identityHold({ platform, onOver, authorities: { identityAuthorityOf: () => issuer }, turnover: { isAccepted: () => others.accept, isNamed: () => others.name } });
  return { platform, others, onOver, holds: (hasMtls = true, showsOwn = true) => hold.holds(view(hasMtls), dataplane, showsOwn) };
}

test("it holds until the others accept both the authority and the name", () => {
  const { holds, others } = aHold();
  expect(holds()).toBe(true);
  others.accept = true;
  expect(holds()).toBe(true);
  others.name = true;
  expect(holds()).toBe(false);
});

test("who shows no certificate of the Mesh has nothing to keep", () => {
  const { holds } = aHold();
  expect([holds(true, false), holds(false, true)]).toEqual([false, false]);
});

test("a proxy that does not answer holds nobody up for more than half a minute", () => {
  const { holds, platform, onOver } = aHold();
  expect(holds()).toBe(true);
  platform.clock.advance(29_000);
  expect(holds()).toBe(true);
  platform.clock.advance(1000);
  expect(onOver).toHaveBeenCalledTimes(1);
  expect(holds()).toBe(false);
  expect(platform.log.lines.join()).toContain("goes over to it all the same");
});
