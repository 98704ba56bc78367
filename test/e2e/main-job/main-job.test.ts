// The main job with real Envoy, through the programs as users start them.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openMesh, until, untilItStays, type DemoMesh } from "../../../demo/mesh.ts";
import { envoyPath } from "../../harness/peers.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const envoy = envoyPath();
const withEnvoy = test.skipIf(envoy === undefined);
let folder = "";
let mesh: DemoMesh | undefined;

const it = (): DemoMesh => {
  if (!mesh) throw new Error("the mesh was not opened");
  return mesh;
};

const permission = (action: string) => ({ type: "MeshTrafficPermission", mesh: "default", name: "all", spec: { from: [{ targetRef: { kind: "Mesh" }, default: { action } }] } });

beforeAll(async () => {
  if (!envoy) return;
  folder = temporaryFolder("e2e");
  mesh = await openMesh(folder, envoy);
  await mesh.startControlPlane();
  await mesh.put("/meshes/default", { type: "Mesh", name: "default", mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } });
  await mesh.put("/meshes/default/meshtrafficpermissions/all", permission("Allow"));
  await mesh.startProxies();
  const opened = mesh;
  await until(async () => (await opened.call()).status === 200, 60_000, "no request came through");
});

afterAll(async () => {
  await mesh?.stop();
});

withEnvoy("a request reaches the other service over mTLS, and the callee sees who called (needs Envoy)", async () => {
  expect(await it().call()).toMatchObject({ status: 200, body: expect.stringContaining("caller: spiffe://default/web") as unknown });
});

withEnvoy("the callee's certificate is signed by the mesh and names its service (needs Envoy)", async () => {
  const certificate = await it().peerCertificate();
  expect(certificate.isSignedByMesh).toBe(true);
  expect(certificate.subjectAltName).toContain("URI:spiffe://default/backend");
});

withEnvoy("plaintext to the mTLS port is refused (needs Envoy)", async () => {
  expect(await it().callPlaintext()).not.toContain("answered");
});

withEnvoy("deny and allow take effect on running proxies (needs Envoy)", async () => {
  await it().put("/meshes/default/meshtrafficpermissions/all", permission("Deny"));
  await untilItStays(async () => (await it().call()).status === 403, 10_000, "still allowed");
  await it().put("/meshes/default/meshtrafficpermissions/all", permission("Allow"));
  await untilItStays(async () => (await it().call()).status === 200, 10_000, "still denied");
});

withEnvoy("the overview shows both proxies online with their certificates (needs Envoy)", async () => {
  type Overview = { items: { name: string; dataplaneInsight?: { mTLS?: { issuedBackend?: string }; subscriptions?: { disconnectTime?: string; status?: { total?: { responsesRejected?: string } } }[] } }[] };
  const overview = async () => (await it().get<Overview>("/meshes/default/dataplanes/_overview")).items;
  await until(async () => (await overview()).length === 2 && (await overview()).every((item) => item.dataplaneInsight?.mTLS?.issuedBackend === "ca-1"), 15_000, "no insight");
  for (const item of await overview()) {
    expect(item.dataplaneInsight?.subscriptions?.at(-1)?.disconnectTime).toBeUndefined();
    expect(item.dataplaneInsight?.subscriptions?.at(-1)?.status?.total?.responsesRejected ?? "0").toBe("0");
  }
});

withEnvoy("revoking a proxy's token closes its stream, and it does not come back (needs Envoy)", async () => {
  const { readFileSync } = await import("node:fs");
  const payload = readFileSync(join(folder, "web.token"), "utf8").split(".")[1] ?? "";
  const { jti } = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as { jti: string };
  const isOnline = async () => {
    const item = await it().get<{ dataplaneInsight?: { subscriptions?: { disconnectTime?: string }[] } }>("/meshes/default/dataplanes/web/_overview");
    return item.dataplaneInsight?.subscriptions?.at(-1)?.disconnectTime === undefined;
  };
  expect(await isOnline()).toBe(true);
  const name = "dataplane-token-revocations-default";
  await it().put(`/meshes/default/secrets/${name}`, { type: "Secret", mesh: "default", name, data: Buffer.from(` ${jti} \r\n`).toString("base64") });
  await until(async () => !(await isOnline()), 5_000, "the stream is still open");
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(await isOnline()).toBe(false);
});
