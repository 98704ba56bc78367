// Live streams end when what they were opened with ends: a token revoked in either place, a key deleted, time, a mesh.
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HealthCheckRequestOrEndpointHealthResponseSchema } from "#gen/envoy/service/health/v3/hds_pb.js";
import { frameOf } from "#grpc";
import { bringing, connectProxy, typeUrl, type TestProxy } from "../../harness/ads.ts";
import { dataplaneResource, meshResource, startTestControlPlane, until, type TestControlPlane } from "../../harness/control-plane.ts";
import { forge, idOf, newKeyPem, secretResource, secretText } from "../../harness/tokens.ts";

const healthMethod = "/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck";

let cp: TestControlPlane;
beforeAll(async () => {
  cp = await startTestControlPlane();
});
afterAll(() => cp.stop());

/** Connected, and served once. */
async function connected(name: string, token: string, { mesh = "default", isDelta = false } = {}): Promise<TestProxy> {
  const proxy = connectProxy(cp, { id: `${mesh}.${name}`, token, metadata: bringing(dataplaneResource(name, { mesh })), isDelta });
  proxy.subscribe(typeUrl.cluster);
  await proxy.next();
  return proxy;
}

const stillOpen = async (proxy: TestProxy) => {
  proxy.subscribe(typeUrl.listener);
  expect((await proxy.next()).typeUrl).toBe(typeUrl.listener);
};

for (const isDelta of [false, true]) {
  for (const place of ["the mesh's Secret", "a GlobalSecret"]) {
    test(`revoking a token in ${place} closes its ${isDelta ? "delta " : ""}stream and no other`, async () => {
      const token = await cp.token("dataplane", { mesh: "default" });
      const proxy = await connected("revoked", token, { isDelta });
      const other = await connected("other", await cp.token("dataplane", { mesh: "default" }));
      const list = "dataplane-token-revocations-default";
      const path = place === "a GlobalSecret" ? `/global-secrets/${list}` : `/meshes/default/secrets/${list}`;
      expect((await cp.put(path, secretResource(list, idOf(token), place === "a GlobalSecret" ? undefined : "default"))).status).toBeLessThan(300);
      expect(await proxy.closed()).toEqual({ code: 16, message: "token is revoked" });
      await stillOpen(other);
      proxy.leave();
      other.leave();
    });
  }
}

test("revoking a token closes its health stream too", async () => {
  const token = await cp.token("dataplane", { mesh: "default" });
  const registered = await connected("checked", await cp.token("dataplane", { mesh: "default" }));
  const health = connectProxy(cp, { token, method: healthMethod });
  const node = { id: "default.checked", metadata: { "dataplane.proxyType": "dataplane" } };
  health.write(frameOf([toBinary(HealthCheckRequestOrEndpointHealthResponseSchema, create(HealthCheckRequestOrEndpointHealthResponseSchema, { requestType: { case: "healthCheckRequest", value: { node } } }))]));
  await health.next();
  const list = "dataplane-token-revocations-default";
  expect((await cp.put(`/meshes/default/secrets/${list}`, secretResource(list, idOf(token), "default"))).status).toBeLessThan(300);
  expect(await health.closed()).toEqual({ code: 16, message: "token is revoked" });
  await stillOpen(registered);
  health.leave();
  registered.leave();
});

test("deleting a signing key closes the streams of its tokens, and no others", async () => {
  const key = newKeyPem();
  const secret = "dataplane-token-signing-key-default-2";
  await cp.put(`/meshes/default/secrets/${secret}`, secretResource(secret, key, "default"));
  const proxy = await connected("second", forge({ key, kid: "2", claims: { Name: "", Mesh: "default", Tags: {}, Type: "", Workload: "" } }));
  const first = forge({ key: await secretText(cp, "/meshes/default/secrets/dataplane-token-signing-key-default-1"), claims: { Mesh: "default" } });
  const other = await connected("first", first);
  expect((await cp.remove(`/meshes/default/secrets/${secret}`)).status).toBe(200);
  const { code, message } = await proxy.closed();
  expect([code, message]).toEqual([16, expect.stringContaining("there is no signing key with KID 2")]);
  await stillOpen(other);
  proxy.leave();
  other.leave();
});

test("replacing a signing key by another of the same id closes the streams of the old one's tokens", async () => {
  const secret = "dataplane-token-signing-key-default-3";
  const key = newKeyPem();
  await cp.put(`/meshes/default/secrets/${secret}`, secretResource(secret, key, "default"));
  const proxy = await connected("third", forge({ key, kid: "3", claims: { Mesh: "default" } }));
  await cp.put(`/meshes/default/secrets/${secret}`, secretResource(secret, newKeyPem(), "default"));
  expect((await proxy.closed()).code).toBe(16);
  proxy.leave();
});

test("a stream ends with its token's time", async () => {
  const key = await secretText(cp, "/meshes/default/secrets/dataplane-token-signing-key-default-1");
  const proxy = await connected("short", forge({ key, claims: { Mesh: "default", exp: Math.floor(Date.now() / 1000) + 2 } }));
  expect(await proxy.closed()).toEqual({ code: 16, message: "token is expired" });
  proxy.leave();
});

test("deleting a proxy closes its stream and no other", async () => {
  const token = await cp.token("dataplane", { mesh: "default" });
  const [proxy, other] = [await connected("deleted", token), await connected("kept", token)];
  expect((await cp.remove("/meshes/default/dataplanes/deleted")).status).toBe(200);
  expect(await proxy.closed()).toEqual({ code: 16, message: "the proxy's resource was deleted" });
  await stillOpen(other);
  proxy.leave();
  other.leave();
});

test("a stream ends with its mesh", async () => {
  await cp.put("/meshes/gone", meshResource("gone"));
  await until(async () => (await cp.get("/meshes/gone/secrets/dataplane-token-signing-key-gone-1")).status === 200);
  const proxy = await connected("last", await cp.token("dataplane", { mesh: "gone" }), { mesh: "gone" });
  await cp.remove("/meshes/gone/dataplanes/last");
  const { status, text } = await cp.remove("/meshes/gone");
  expect([status, text.trim()]).toEqual([200, "{}"]);
  // Its keys go with it: whichever is noticed first.
  expect([5, 16]).toContain((await proxy.closed()).code);
  proxy.leave();
});

test("a zone token revoked closes the stream of its zone proxy", async () => {
  const token = await cp.token("zone", { zone: "default", scope: ["egress"] });
  const resource = { type: "ZoneEgress", name: "out", networking: { address: "127.0.0.1", port: 10002 } };
  const proxy = connectProxy(cp, { id: ".out", token, metadata: { "dataplane.proxyType": "egress", "dataplane.resource": JSON.stringify(resource) } });
  proxy.subscribe(typeUrl.cluster);
  await proxy.next();
  await cp.put("/global-secrets/zone-token-revocations", secretResource("zone-token-revocations", idOf(token)));
  expect(await proxy.closed()).toEqual({ code: 16, message: "token is revoked" });
  proxy.leave();
});
