// Monitoring assignments over HTTP: what Prometheus sees, and who may see it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { httpClient, makeBuiltinRoot } from "#security";
import { issueLeaf, openIssuer } from "../../../src/security/authority/root.ts";
import { dataplaneResource, meshResource, pause, startTestControlPlane, until, type TestControlPlane } from "../../harness/control-plane.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

let controlPlane: TestControlPlane | undefined;
afterEach(async () => {
  await controlPlane?.stop();
  controlPlane = undefined;
});

interface Asked {
  readonly clientId?: string;
  readonly version?: string;
  readonly timeout?: string;
  readonly token?: string;
}

interface Reply {
  readonly status: number;
  readonly version: string;
  readonly targets: readonly { readonly mesh: string; readonly address: string; readonly scheme: string }[];
}

async function ask(port: number, { clientId = "prometheus", version = "", timeout = "0s", token }: Asked = {}): Promise<Reply> {
  const response = await fetch(`http://127.0.0.1:${port}/v3/discovery:monitoringassignments?fetch-timeout=${timeout}`, {
    method: "POST", body: JSON.stringify({ version_info: version, node: { id: clientId } }),
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
  });
  const text = await response.text();
  if (response.status !== 200) return { status: response.status, version: "", targets: [] };
  const { version_info, resources = [] } = JSON.parse(text) as { version_info: string; resources?: { mesh: string; targets: { address: string; scheme: string }[] }[] };
  return { status: 200, version: version_info, targets: resources.flatMap(({ mesh, targets }) => targets.map(({ address, scheme }) => ({ mesh, address, scheme }))) };
}

const prometheusMesh = (name: string) => meshResource(name, { metrics: { enabledBackend: "p", backends: [{ name: "p", type: "prometheus", conf: { port: 5670 } }] } });
const meshMetric = (backend: object) => ({ type: "MeshMetric", mesh: "default", name: "all", spec: { default: { backends: [{ type: "Prometheus", prometheus: backend }] } } });

async function start(env: Record<string, string> = {}): Promise<TestControlPlane> {
  controlPlane = await startTestControlPlane({ env });
  await controlPlane.put("/meshes/default", prometheusMesh("default"));
  await controlPlane.put("/meshes/default/dataplanes/web", dataplaneResource("web"));
  return controlPlane;
}

test("a proxy of a mesh with metrics is a target", async () => {
  const { ports } = await start();
  await until(async () => (await ask(ports.mads)).targets.length === 1);
  expect((await ask(ports.mads)).targets).toEqual([{ mesh: "default", address: "127.0.0.1:5670", scheme: "http" }]);
});

test("a poll waits for a change and is answered by it; without one it ends with 304", async () => {
  const cp = await start();
  await until(async () => (await ask(cp.ports.mads)).targets.length === 1);
  const { version } = await ask(cp.ports.mads);
  expect((await ask(cp.ports.mads, { version, timeout: "100ms" })).status).toBe(304);
  const waiting = ask(cp.ports.mads, { version, timeout: "20s" });
  await cp.put("/meshes/default/dataplanes/web2", dataplaneResource("web2"));
  expect((await waiting).targets).toHaveLength(2);
});

test("a client id of a backend selects its targets; policies replace the older settings in every mesh", async () => {
  const cp = await start();
  await cp.put("/meshes/default/meshmetrics/all", meshMetric({ clientId: "mine", port: 5672, tls: { mode: "ProvidedTLS" } }));
  // The older settings give one target too until the policy is seen: wait for the policy's own.
  await until(async () => (await ask(cp.ports.mads, { clientId: "mine" })).targets.some((it) => it.address.endsWith(":5672")));
  expect((await ask(cp.ports.mads, { clientId: "mine" })).targets).toEqual([{ mesh: "default", address: "127.0.0.1:5672", scheme: "https" }]);
  expect((await ask(cp.ports.mads, { clientId: "other" })).targets).toEqual([]);
});

test("only allowed meshes are told", async () => {
  const cp = await start({ KUMA_MONITORING_ASSIGNMENT_SERVER_ALLOWED_MESHES: "other" });
  await cp.put("/meshes/other", prometheusMesh("other"));
  await cp.put("/meshes/other/dataplanes/api", dataplaneResource("api", { mesh: "other" }));
  await until(async () => (await ask(cp.ports.mads)).targets.length === 1);
  expect((await ask(cp.ports.mads)).targets.map((it) => it.mesh)).toEqual(["other"]);
});

test("with auth token nobody gets past without one, not even on this machine", async () => {
  const cp = await start({ KUMA_MONITORING_ASSIGNMENT_SERVER_AUTH: "token" });
  expect((await ask(cp.ports.mads)).status).toBe(401);
  expect((await ask(cp.ports.mads, { token: "bogus" })).status).toBe(401);
  expect((await ask(cp.ports.mads, { token: await cp.token("user", { name: "prometheus" }) })).status).toBe(200);
});

test("revoking the token of a waiting poll ends it at once", async () => {
  const cp = await start({ KUMA_MONITORING_ASSIGNMENT_SERVER_AUTH: "token" });
  const user = await cp.token("user", { name: "prometheus" });
  await until(async () => (await ask(cp.ports.mads, { token: user })).targets.length === 1);
  const { version } = await ask(cp.ports.mads, { token: user });
  const waiting = ask(cp.ports.mads, { token: user, version, timeout: "30s" });
  await pause(200);
  const { jti } = JSON.parse(Buffer.from(user.split(".")[1] ?? "", "base64url").toString("utf8")) as { jti: string };
  await cp.put("/global-secrets/user-token-revocations", { type: "GlobalSecret", name: "user-token-revocations", data: Buffer.from(jti).toString("base64") });
  expect((await waiting).status).toBe(401);
});

test("a body of more than 64 KB is refused", async () => {
  const { ports } = await start();
  const url = `http://127.0.0.1:${ports.mads}/v3/discovery:monitoringassignments`;
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: `{"node":{"id":"${"x".repeat(70_000)}"}}` });
  expect(response.status).toBe(413);
});

test("a client certificate cannot be asked for on a plain port", async () => {
  await expect(startTestControlPlane({ env: { KUMA_MONITORING_ASSIGNMENT_SERVER_AUTH: "clientCert" } })).rejects.toThrow("needs tlsEnabled and clientCaFile");
});

test("with auth clientCert a certificate of the given authority is needed, and one of another is not taken", async () => {
  const now = Date.now();
  const day = 86_400_000;
  const root = (mesh: string) => makeBuiltinRoot({ trustDomain: mesh, expiryMs: 100 * day, now });
  const [own, other] = await Promise.all([root("own"), root("other")]);
  const leaf = (authority: typeof own) => issueLeaf(openIssuer(authority), { dnsNames: ["prometheus"], ipAddresses: [], extendedKeyUsage: ["clientAuth"], now, lifetimeMs: day, backdateMs: 1000 });
  const folder = temporaryFolder("mads");
  writeFileSync(join(folder, "clients.pem"), own.certPem);
  const prefix = "KUMA_MONITORING_ASSIGNMENT_SERVER";
  const { ports, caPem } = await start({ [`${prefix}_AUTH`]: "clientCert", [`${prefix}_TLS_ENABLED`]: "true", [`${prefix}_CLIENT_CA_FILE`]: join(folder, "clients.pem") });
  const asked = async (clientCert?: { readonly certPem: string; readonly keyPem: string }) => {
    const client = httpClient({ url: `https://localhost:${ports.mads}`, caPem, ...(clientCert ? { clientCert } : {}) });
    const request = { method: "POST", path: "/v3/discovery:monitoringassignments?fetch-timeout=0s", headers: { "content-type": "application/json" }, body: "{}" };
    return client.request(request).then((it) => it.status).finally(() => client.close());
  };
  expect(await asked(await leaf(own))).toBe(200);
  await expect(asked(await leaf(other))).rejects.toThrow();
  await expect(asked()).rejects.toThrow();
});
