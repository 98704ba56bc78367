// Envoy's admin interface through the control plane, with real Envoy on an address of loopback.
import { request as httpRequest } from "node:http";
import { connect as tlsConnect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeAdminAuthority } from "#security";
import { secretResource } from "../../harness/tokens.ts";
import { dataplaneResource, until } from "../../harness/control-plane.ts";
import { envoyPath } from "../../harness/peers.ts";
import { openPlace, type Place } from "./proxies.ts";

const envoy = envoyPath();
const withEnvoy = test.skipIf(envoy === undefined);
let place: Place;
let token = "";
const base = "/meshes/default/dataplanes/web";
/** Fingerprint of what the admin port shows. */
const serverCertificate = () =>
  new Promise<string>((resolve) => {
    const socket = tlsConnect({ host: "127.0.0.1", port: place.adminPort, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on("error", () => resolve("none"));
  });
const get = (path: string) => place.controlPlane.get(path);

beforeAll(async () => {
  if (!envoy) return;
  place = await openPlace({ KUMA_ACCESS_STATIC_VIEW_STATS_GROUPS: "mesh-system:admin" });
  token = await place.controlPlane.token("dataplane", { mesh: "default", name: "web" });
  place.startProxy({ resource: dataplaneResource("web"), token, envoy });
  await until(async () => (await get(`${base}/clusters`)).status === 200, 40_000);
});
afterAll(() => place?.stop());

withEnvoy("a configuration dump comes as JSON, without token and private keys (needs Envoy)", async () => {
  const { status, text } = await get(`${base}/xds`);
  expect(status).toBe(200);
  expect((JSON.parse(text) as { configs: unknown[] }).configs.length).toBeGreaterThan(2);
  expect(text).not.toContain(token);
  expect(text).not.toContain("PRIVATE KEY");
});

withEnvoy("endpoints are in the dump only when asked for (needs Envoy)", async () => {
  expect((await get(`${base}/xds`)).text).not.toContain("EndpointsConfigDump");
  expect((await get(`${base}/xds?include_eds=true`)).text).toContain("EndpointsConfigDump");
});

withEnvoy("statistics and clusters are text, or JSON when asked (needs Envoy)", async () => {
  const all = (await get(`${base}/stats?usedonly=false`)).text.length;
  const used = (await get(`${base}/stats`)).text.length;
  expect(used).toBeLessThan(all);
  expect(JSON.parse((await get(`${base}/stats?format=json`)).text)).toHaveProperty("stats");
  expect(JSON.parse((await get(`${base}/clusters?format=json`)).text)).toHaveProperty("cluster_statuses");
  const response = await fetch(`${place.controlPlane.api}${base}/clusters`);
  expect(response.headers.get("content-type")).toBe("text/plain");
});

withEnvoy("the admin port answers nobody in plain but for /ready (needs Envoy)", async () => {
  const plain = (path: string) =>
    new Promise<number>((resolve, reject) => {
      httpRequest({ host: "127.0.0.1", port: place.adminPort, path }, (response) => resolve(response.resume().statusCode ?? 0)).on("error", reject).end();
    });
  expect(await plain("/ready")).toBe(200);
  expect(await plain("/config_dump")).toBe(404);
  expect(await plain("/stats")).toBe(404);
});

withEnvoy("the admin port refuses a caller without the control plane's certificate (needs Envoy)", async () => {
  const failure = await new Promise<string>((resolve) => {
    const socket = tlsConnect({ host: "127.0.0.1", port: place.adminPort, rejectUnauthorized: false });
    socket.on("error", (error) => resolve(error.message));
    socket.on("secureConnect", () => socket.write("GET /stats HTTP/1.1\r\nhost: x\r\n\r\n"));
    socket.on("data", (bytes: Buffer) => resolve(bytes.toString("latin1")));
  });
  expect(failure).toMatch(/certificate required/i);
});

withEnvoy("with another envoy-admin-ca the running proxy gets another certificate, and can be asked again (needs Envoy)", async () => {
  const authority = await makeAdminAuthority(Date.now());
  const before = await serverCertificate();
  const answer = await place.controlPlane.put("/global-secrets/envoy-admin-ca", secretResource("envoy-admin-ca", authority));
  expect(answer.status).toBe(200);
  await until(async () => (await serverCertificate()) !== before && (await get(`${base}/clusters`)).status === 200, 15_000);
});

withEnvoy("rights decide who looks (needs Envoy)", async () => {
  const forwarded = { headers: { "x-forwarded-for": "192.0.2.1" } };
  const response = await fetch(`${place.controlPlane.api}${base}/stats`, forwarded);
  expect(response.status).toBe(403);
  expect(await response.text()).toContain("cannot access envoy proxy info");
});
