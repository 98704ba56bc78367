// Who may have an identity that is made of the workload, and what others are told of it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { bringing, connectProxy, typeUrl } from "../harness/ads.ts";
import { dataplaneResource, startTestControlPlane, until, type TestControlPlane } from "../harness/control-plane.ts";

let controlPlane: TestControlPlane;
beforeAll(async () => {
  controlPlane = await startTestControlPlane();
  const put = (path: string, body: object) => controlPlane.put(path, body);
  await put("/meshes/m", { type: "Mesh", name: "m", meshServices: { mode: "Exclusive" } });
  const provider = { type: "Bundled", bundled: { autogenerate: { enabled: true }, insecureAllowSelfSigned: true } };
  await put("/meshes/m/meshidentities/identity", { type: "MeshIdentity", mesh: "m", name: "identity", spec: { selector: { dataplane: {} }, provider } });
  await until(async () => (await controlPlane.get("/meshes/m/meshtrusts/identity")).status === 200);
  await until(async () => (await controlPlane.get("/meshes/m/secrets/dataplane-token-signing-key-m-1")).status === 200);
});
afterAll(() => controlPlane?.stop());

const proxy = async (name: string, labels: object, token: object) => {
  const resource = { ...dataplaneResource(name, { mesh: "m" }), labels };
  return connectProxy(controlPlane, { id: `m.${name}`, token: await controlPlane.token("dataplane", { mesh: "m", ...token }), metadata: bringing(resource) });
};

test("a token that is not made for the workload opens no stream", async () => {
  const it = await proxy("a", { "kuma.io/workload": "payments" }, { name: "a" });
  it.subscribe(typeUrl.cluster);
  expect(await it.closed()).toMatchObject({ code: 16, message: expect.stringContaining("requires a workload-bound token") });
  it.leave();
});

test("a proxy without a workload has no name, so it gets no stream either", async () => {
  const it = await proxy("b", {}, { name: "b" });
  it.subscribe(typeUrl.cluster);
  expect((await it.closed()).message).toContain("missing required label 'kuma.io/workload' - dataplane is selected by MeshIdentity 'identity' with path template '/workload/{{ .Workload }}'");
  expect((await controlPlane.get("/meshes/m/dataplanes/b")).status).toBe(404);
  it.leave();
});

test("with the right token it has its certificate, which inspection, insights and the audit show", async () => {
  const it = await proxy("c", { "kuma.io/workload": "payments" }, { workload: "payments" });
  it.subscribe(typeUrl.secret, ["kri_mid_m_default__identity_", "system_trust_bundle"]);
  const answer = await it.next();
  expect(answer.size).toBe(2);
  it.ack(answer);
  const spiffeId = "spiffe://m.default.mesh.local/workload/payments";
  const json = async <T>(path: string): Promise<T> => JSON.parse((await controlPlane.get(path)).text) as T;
  expect(await json("/meshes/m/dataplanes/c/_layout")).toMatchObject({ spiffeId });
  await until(async () => (await controlPlane.get("/meshes/m/dataplane-insights/c")).text.includes("issuedBackend"));
  expect(await json("/meshes/m/dataplane-insights/c")).toMatchObject({ mTLS: { issuedBackend: "kri_mid_m_default__identity_", supportedBackends: ["kri_mtrust_m___identity_"], certificateRegenerations: 1 } });
  const config = await json<{ xds: Record<string, Record<string, object>> }>("/meshes/m/dataplanes/c/_config");
  expect(Object.keys(config.xds["type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"] ?? {})).toEqual(["system_trust_bundle"]);
  expect((await controlPlane.get("/_trust")).text).toContain("mesh/m/kri_mid_m_default__identity_");
  expect(controlPlane.log.find((line) => line.includes("issue certificate") && line.includes(spiffeId))).toContain("serial");
  it.leave();
});
