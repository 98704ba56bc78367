// Going over to another certificate waits for the others, but not for ever.
import { create } from "@bufbuild/protobuf";
import { expect, test, vi } from "vitest";
import { DataplaneSchema, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { MeshSchema } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { assignIdentity, isProblem, meshView, type KeptCertificate } from "#mesh";
import { fakePlatform } from "#platform/fake";
import type { Resource } from "#resources";
import { identityHold } from "./identity-hold.ts";

const common = { mesh: "m", creationTime: 0, modificationTime: 0, version: 1 };
const dataplane: Resource<Dataplane> = { ...common, type: "Dataplane", name: "web", labels: { "kuma.io/workload": "web" }, spec: create(DataplaneSchema) };
const identity = (name: string, isReady = true): Resource => ({
  ...common, type: "MeshIdentity", name, labels: {}, spec: { selector: { dataplane: {} }, provider: { type: "Bundled" } }, status: { conditions: [{ type: "Ready", status: isReady ? "True" : "False", reason: "", message: "" }] },
});
const trust: Resource = { ...common, type: "MeshTrust", name: "t", labels: {}, spec: { trustDomain: "m.z.mesh.local", caBundles: [{ type: "Pem", pem: { value: "PEM" } }] } };

interface Given {
  readonly hasMtls?: boolean;
  readonly identities?: readonly Resource[];
  readonly trusts?: readonly Resource[];
}
const view = ({ hasMtls = true, identities = [identity("id")], trusts = [trust] }: Given) => {
  const mtls = hasMtls ? { mtls: { enabledBackend: "ca", backends: [{ name: "ca", type: "builtin" }] } } : {};
  const settings = { internalCidrs: [], serviceVipPort: 80, dnsDomain: "mesh", spireSocketPath: "" };
  return meshView({ mesh: { ...common, type: "Mesh", mesh: "", name: "m", labels: {}, spec: create(MeshSchema, mtls) }, zone: "z", settings, lists: new Map([["MeshIdentity", identities], ["MeshTrust", trusts]]) });
};
const ofMesh: KeptCertificate = { identity: undefined };
/** The certificate that a MeshIdentity of the name gives. */
function of(name: string): KeptCertificate {
  const assigned = assignIdentity([identity(name)], dataplane, "z");
  if (!assigned || isProblem(assigned)) throw new Error("the identity names nobody");
  return { identity: assigned };
}

function aHold() {
  const platform = fakePlatform();
  const [others, onOver, hurry] = [{ accept: false, name: false }, vi.fn(), vi.fn()];
  const issuer = { authority: { caPem: "", issue: () => Promise.reject(new Error("not here")) }, backend: "", lifetimeMs: 1, isOfIdentity: true };
  const hold = identityHold({ platform, onOver, hurry, authorities: { authorityOf: () => issuer, identityAuthorityOf: () => issuer }, turnover: { isAccepted: () => others.accept, isNamed: () => others.name } });
  return { platform, others, onOver, hurry, holds: (given: Given = {}, has: KeptCertificate | "none" = ofMesh) => hold.holds(view(given), dataplane, has === "none" ? undefined : has) };
}

test("it holds until the others accept both the authority and the name, and hurries on what may bring the name", () => {
  const { holds, others, hurry } = aHold();
  expect(holds()).toBe(true);
  expect(hurry).toHaveBeenCalledWith("m");
  others.accept = true;
  expect(holds()).toBe(true);
  others.name = true;
  expect(holds()).toBe(false);
});

test("from one identity to another it holds in the same way; with the one it has nobody waits", () => {
  const { holds, others } = aHold();
  expect(holds({ hasMtls: false }, of("other"))).toBe(true);
  expect(holds({ hasMtls: false }, of("id"))).toBe(false);
  Object.assign(others, { accept: true, name: true });
  expect(holds({ hasMtls: false }, of("other"))).toBe(false);
});

test("back to the Mesh's certificates the authority alone is waited for: services are known all the time", () => {
  const { holds, others } = aHold();
  expect(holds({ identities: [] }, of("id"))).toBe(true);
  others.accept = true;
  expect(holds({ identities: [] }, of("id"))).toBe(false);
});

test("an identity that is not set up yet takes no other away, however long that lasts", () => {
  const { holds, platform } = aHold();
  const given: Given = { hasMtls: false, identities: [identity("a", false), identity("id")] };
  expect(holds(given, of("id"))).toBe(true);
  platform.clock.advance(3_600_000);
  expect(holds(given, of("id"))).toBe(true);
});

test("who has no certificate has nothing to keep, nor has one whose authority nobody trusts any more, or with nothing to go over to", () => {
  const { holds } = aHold();
  expect([holds({}, "none"), holds({ hasMtls: false }, ofMesh), holds({ trusts: [] }, of("other")), holds({ hasMtls: false, identities: [] }, of("id"))]).toEqual([false, false, false, false]);
});

test("a proxy that does not answer holds nobody up for more than half a minute", () => {
  const { holds, platform, onOver } = aHold();
  expect(holds()).toBe(true);
  platform.clock.advance(29_000);
  expect(holds()).toBe(true);
  platform.clock.advance(1000);
  expect(onOver).toHaveBeenCalledTimes(1);
  expect(holds()).toBe(false);
  expect(holds()).toBe(false);
  expect(platform.log.lines.filter((it) => it.includes("goes over to it all the same"))).toHaveLength(1);
});
