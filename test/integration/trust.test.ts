// Expiry on every channel, as metric, as document and as kumactl's tables.
import { execFile } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bringing, connectProxy, typeUrl, type TestProxy } from "../harness/ads.ts";
import { dataplaneResource, meshResource, startTestControlPlane, until, type TestControlPlane } from "../harness/control-plane.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

let controlPlane: TestControlPlane;
let proxy: TestProxy;
const mtls = { mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } };
const metrics = async () => (await fetch(`http://127.0.0.1:${controlPlane.ports.diagnostics}/metrics`)).text();

interface Trust {
  readonly channels: readonly { readonly channel: string; readonly anchor: string; readonly tls: string; readonly presents: { readonly daysLeft: number; readonly names: string } }[];
  readonly authorities: readonly { readonly channel: string; readonly daysLeft: number }[];
  readonly signingKeys: readonly { readonly secret: string; readonly mesh: string; readonly ageDays: number }[];
  readonly connections: readonly { readonly channel: string; readonly count: number; readonly credential: string; readonly tls: string; readonly keyExchange: string; readonly signingKey: string; readonly firstEnd?: string }[];
}
const trust = async () => JSON.parse((await controlPlane.get("/_trust")).text) as Trust;

beforeAll(async () => {
  controlPlane = await startTestControlPlane();
  await controlPlane.put("/meshes/default", meshResource("default", mtls));
  const token = await controlPlane.token("dataplane", { mesh: "default", name: "web" });
  proxy = connectProxy(controlPlane, { id: "default.web", token, metadata: bringing(dataplaneResource("web")) });
  proxy.subscribe(typeUrl.cluster);
  await proxy.next();
});
afterAll(async () => {
  proxy.leave();
  await controlPlane.stop();
});

test("there is an end for every server, the local CA, the system's authorities and the mesh's", async () => {
  await until(async () => (await metrics()).includes('channel="inter-cp-ca"'));
  const text = await metrics();
  for (const channel of ["general", "general/ca", "apiServer.https", "dpServer", "diagnostics", "monitoringAssignmentServer", "envoy-admin-ca", "inter-cp-ca", "mesh/default/ca-1"]) {
    const value = Number(new RegExp(`^kuma_certificate_expiry_seconds\\{channel="${channel}",zone="default"\\} (\\S+)$`, "m").exec(text)?.[1]);
    expect(value, channel).toBeGreaterThan(Date.now() / 1000 + 80 * 86_400);
  }
});

test("the end of a mesh's CA goes with its mesh", async () => {
  await controlPlane.put("/meshes/gone", meshResource("gone", mtls));
  await until(async () => (await metrics()).includes('channel="mesh/gone/ca-1"'));
  await controlPlane.remove("/meshes/gone");
  await until(async () => !(await metrics()).includes('channel="mesh/gone/ca-1"'));
});

test("signing keys have an age", async () => {
  expect(await metrics()).toMatch(/kuma_token_signing_key_age_seconds\{secret="dataplane-token-signing-key-default-1",mesh="default",zone="default"\} \d/);
});

test("the document names certificates with anchor and days left", async () => {
  const { channels, authorities, signingKeys } = await trust();
  expect(channels.map((it) => it.channel)).toEqual(["apiServer.https", "dpServer", "diagnostics", "monitoringAssignmentServer"]);
  expect(channels[1]).toMatchObject({ anchor: expect.stringContaining("Kuma Control Plane Local CA") as unknown, tls: "TLSv1_2..TLSv1_3", presents: { daysLeft: 89 } });
  expect(authorities.map((it) => it.channel)).toEqual(expect.arrayContaining(["general/ca", "envoy-admin-ca", "mesh/default/ca-1"]));
  expect(signingKeys.map((it) => it.secret)).toContain("user-token-signing-key-1");
});

test("live connections are counted with credential, key and TLS version", async () => {
  const { connections } = await trust();
  expect(connections.find((it) => it.channel === "apiServer.http")).toEqual(expect.objectContaining({ protocol: "http", credential: "by request", tls: "" }));
  expect(connections.filter((it) => it.channel === "dpServer")).toEqual([
    expect.objectContaining({ channel: "dpServer", protocol: "ads", count: 1, credential: "dataplane token", mesh: "default", signingKey: "1", tls: "TLSv1.3", keyExchange: "X25519MLKEM768", firstEnd: expect.any(String) as unknown }),
  ]);
});

test("no private key is in it", async () => {
  expect((await controlPlane.get("/_trust")).text).not.toContain("PRIVATE");
});

test("whoever may not see the control plane's metadata does not see it", async () => {
  const closed = await startTestControlPlane({ env: { KUMA_ACCESS_STATIC_CONTROL_PLANE_METADATA_GROUPS: "mesh-system:admin" } });
  const response = await fetch(`${closed.api}/_trust`, { headers: { "x-forwarded-for": "192.0.2.1" } });
  expect([response.status, (await closed.get("/_trust")).status]).toEqual([403, 200]);
  await closed.stop();
});

test("kumactl prints it as tables", async () => {
  const home = temporaryFolder("trust");
  const kumactl = (...args: string[]) =>
    new Promise<string>((resolve) => {
      execFile(new URL("../../bin/kumactl", import.meta.url).pathname, args, { env: { ...process.env, HOME: home } }, (_error, out, err) => resolve(out + err));
    });
  await kumactl("config", "control-planes", "add", "--name=x", `--address=${controlPlane.api}`);
  const text = await kumactl("inspect", "trust");
  for (const title of ["CERTIFICATES", "AUTHORITIES", "SIGNING KEYS", "LIVE CONNECTIONS", "KEY EXCHANGE", "dataplane token"]) expect(text).toContain(title);
  expect(JSON.parse(await kumactl("inspect", "trust", "-o", "json"))).toHaveProperty("channels");
});
