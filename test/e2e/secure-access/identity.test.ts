// Service-to-service identity with real Envoys: certificates by a MeshIdentity, trust by MeshTrust, real requests between two proxies.
import { X509Certificate } from "node:crypto";
import { createServer, request, type Server } from "node:http";
import { connect as tlsConnect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts } from "../../../demo/programs.ts";
import { until } from "../../harness/control-plane.ts";
import { envoyPath } from "../../harness/peers.ts";
import { openPlace, type Place } from "./proxies.ts";

const envoy = envoyPath();
const withEnvoy = test.skipIf(envoy === undefined);
const host = "127.0.0.1";
let place: Place;
let service: Server;
let [inbound, outbound] = [0, 0];
const admins = ["127.0.0.2", "127.0.0.3"];

const get = async <T>(path: string): Promise<T> => JSON.parse((await place.controlPlane.get(path)).text) as T;
const put = async (path: string, body: object) => {
  const { status, text } = await place.controlPlane.put(path, body);
  expect(status, text).toBeLessThan(300);
};

/** What the backend answers through both proxies: the caller's name as the backend's proxy saw it. */
function call(): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ host, port: outbound, path: "/", agent: false, timeout: 3000 }, (response) => {
      let body = "";
      response.on("data", (bytes) => (body += String(bytes))).on("end", () => resolve(`${response.statusCode} ${body}`));
    });
    sent.on("timeout", () => sent.destroy()).on("error", (error) => resolve(error.message)).end();
  });
}

/** The backend's certificate as any peer sees it. */
function presented(): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ host: admins[0], port: inbound, rejectUnauthorized: false, ALPNProtocols: ["kuma"] }, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      return certificate ? resolve(certificate) : reject(new Error("no certificate"));
    });
    socket.once("error", reject);
  });
}

beforeAll(async () => {
  if (!envoy) return;
  place = await openPlace();
  const [first = 0, second = 0, servicePort = 0] = await freePorts(3);
  [inbound, outbound] = [first, second];
  service = createServer((asked, response) => response.end(/URI=(spiffe:[^;,]+)/.exec(String(asked.headers["x-forwarded-client-cert"] ?? ""))?.[1] ?? "nobody")).listen(servicePort, host);
  await put("/meshes/default", { type: "Mesh", name: "default", meshServices: { mode: "Exclusive" } });
  await put("/meshes/default/meshtrafficpermissions/all", {
    type: "MeshTrafficPermission", mesh: "default", name: "all", spec: { rules: [{ default: { allow: [{ spiffeID: { type: "Prefix", value: "spiffe://default.default.mesh.local" } }] } }] },
  });
  await put("/meshes/default/meshidentities/identity", {
    type: "MeshIdentity", mesh: "default", name: "identity",
    spec: { selector: { dataplane: { matchLabels: {} } }, provider: { type: "Bundled", bundled: { autogenerate: { enabled: true }, insecureAllowSelfSigned: true } } },
  });
  const proxy = (name: string, address: string, more: object) => ({
    type: "Dataplane", mesh: "default", name, labels: { "kuma.io/workload": name }, networking: { address, admin: { port: place.adminPort }, ...more },
  });
  const backend = proxy("backend", admins[0] ?? "", { inbound: [{ port: inbound, servicePort, serviceAddress: host, tags: { "kuma.io/service": "backend", "kuma.io/protocol": "http" } }] });
  const web = proxy("web", admins[1] ?? "", {
    inbound: [{ port: inbound, servicePort, serviceAddress: host, tags: { "kuma.io/service": "web", "kuma.io/protocol": "http" } }],
    outbound: [{ port: outbound, backendRef: { kind: "MeshService", name: "backend", port: inbound } }],
  });
  for (const resource of [backend, web]) {
    place.startProxy({ resource, token: await place.controlPlane.token("dataplane", { mesh: "default", name: resource.name, workload: resource.name }), envoy });
  }
  await until(async () => (await call()).startsWith("200"), 40_000).catch(async (error: unknown) => {
    console.log(await call(), (await place.controlPlane.get("/meshes/default/meshidentities/identity")).text, place.controlPlane.log.filter((it) => /error|refused/.test(it)).slice(-10).join("\n"));
    console.log((await place.controlPlane.get("/meshes/default/dataplanes/web/_config")).text.slice(0,6000));
    throw error;
  });
});
afterAll(async () => {
  service?.close();
  await place?.stop();
});

withEnvoy("proxies know each other by the SPIFFE ids that a MeshIdentity gives (needs Envoy)", async () => {
  expect(await call()).toBe("200 spiffe://default.default.mesh.local/workload/web");
  const certificate = await presented();
  expect(certificate.subjectAltName).toBe("URI:spiffe://default.default.mesh.local/workload/backend");
  const trust = await get<{ spec: { caBundles: { pem: { value: string } }[] }; status: object }>("/meshes/default/meshtrusts/identity");
  expect(certificate.verify(new X509Certificate(trust.spec.caBundles[0]?.pem.value ?? "").publicKey)).toBe(true);
  expect(trust.status).toEqual({ origin: { kri: "kri_mid_default_default__identity_" } });
});
