// By whose certificate a proxy takes part in the mesh's TLS, and how strictly.
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { DataplaneSchema, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { CertificateAuthorityBackend_Mode as Mode, MeshSchema } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { Resource } from "#resources";
import { meshView } from "../view.ts";
import { meshTlsPlanner, type KeptCertificate } from "./mesh-tls.ts";

const common = { mesh: "m", creationTime: 0, modificationTime: 0, version: 1 };
const settings = { internalCidrs: [], serviceVipPort: 80, dnsDomain: "mesh", spireSocketPath: "" };
const dataplane: Resource<Dataplane> = { ...common, type: "Dataplane", name: "web", labels: { "kuma.io/workload": "web" }, spec: create(DataplaneSchema) };
const identity = (type: "Bundled" | "Spire", status: "True" | "False" = "True"): Resource => ({
  ...common, type: "MeshIdentity", name: "id", labels: {}, spec: { selector: { dataplane: {} }, provider: { type } }, status: { conditions: [{ type: "Ready", status, reason: "", message: "" }] },
});
const trust = (trustDomain: string): Resource => ({ ...common, type: "MeshTrust", name: trustDomain, labels: {}, spec: { trustDomain, caBundles: [{ type: "Pem", pem: { value: "PEM" } }] } });

interface Given {
  readonly mode?: Mode;
  readonly identities?: readonly Resource[];
  readonly trusts?: readonly Resource[];
}
const planner = meshTlsPlanner();
function planned({ mode, identities = [], trusts = [] }: Given, keeps?: KeptCertificate) {
  const mtls = mode === undefined ? {} : { mtls: { enabledBackend: "ca", backends: [{ name: "ca", type: "builtin", mode }] } };
  const mesh = { ...common, type: "Mesh", mesh: "", name: "m", labels: {}, spec: create(MeshSchema, mtls) };
  return planner(meshView({ mesh, zone: "z", settings, lists: new Map([["MeshIdentity", identities], ["MeshTrust", trusts]]) }), dataplane, keeps);
}
const ofIdentity = { identities: [identity("Bundled")], trusts: [trust("m.z.mesh.local")] };

test("without an authority there is no TLS; with one, its mode is the proxy's", () => {
  expect(planned({})).toEqual({ tls: undefined, identity: undefined });
  expect(planned({ mode: Mode.STRICT }).tls).toMatchObject({ isPermissive: false, asksReadiness: false, certificate: { from: "mesh" }, trustDomains: [] });
  expect(planned({ mode: Mode.PERMISSIVE }).tls).toMatchObject({ isPermissive: true, asksReadiness: true });
});

test("a proxy with an identity is strict, and asks whether others are ready unless the whole mesh is strict", () => {
  const certificate = { from: "identity", name: "kri_mid_m___id_" };
  expect(planned(ofIdentity).tls).toMatchObject({ backend: "", isPermissive: false, asksReadiness: true, certificate, trustDomains: ["m.z.mesh.local"] });
  expect(planned({ ...ofIdentity, mode: Mode.PERMISSIVE }).tls).toMatchObject({ isPermissive: false, asksReadiness: true, certificate });
  expect(planned({ ...ofIdentity, mode: Mode.STRICT }).tls).toMatchObject({ asksReadiness: false, certificate });
});

test("the mesh's own authority is one of the trusted domains", () => {
  expect(planned({ ...ofIdentity, mode: Mode.STRICT }).tls?.trustDomains).toEqual(["m", "m.z.mesh.local"]);
  expect(planned({ trusts: [trust("other")], mode: Mode.STRICT }).tls).toMatchObject({ certificate: { from: "mesh" }, trustDomains: ["m", "other"] });
});

test("an identity that is not taken over yet, not ready or trusted by nobody changes nothing", () => {
  const own = { certificate: { from: "mesh" } };
  expect(planned({ ...ofIdentity, mode: Mode.STRICT }, { identity: undefined }).tls).toMatchObject(own);
  expect(planned({ ...ofIdentity, identities: [identity("Bundled", "False")], mode: Mode.STRICT }).tls).toMatchObject(own);
  expect(planned({ identities: [identity("Bundled")], mode: Mode.STRICT }).tls).toMatchObject(own);
});

test("a proxy that keeps the certificate of an identity is planned with it, whatever it is assigned", () => {
  const { identity: kept } = planned(ofIdentity);
  expect(planned({ trusts: ofIdentity.trusts, mode: Mode.STRICT }, { identity: kept })).toMatchObject({ identity: kept, tls: { certificate: { from: "identity" }, trustDomains: ["m", "m.z.mesh.local"] } });
});

test("with Spire the secret is named by the SPIFFE id, whatever MeshTrusts say", () => {
  expect(planned({ identities: [identity("Spire")] }).tls?.certificate).toEqual({ from: "spire", name: "spiffe://m.z.mesh.local/workload/web" });
});

test("equal plans are one object", () => {
  expect(planned({ ...ofIdentity }).tls).toBe(planned({ ...ofIdentity }).tls);
});
