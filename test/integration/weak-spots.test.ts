// Weak spots of the reference that no other file of tests is about: each must not exist here.
import { renameSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeAdminAuthority, openSystemAuthority, type SystemAuthority } from "#security";
import { bringing, connectProxy, typeUrl } from "../harness/ads.ts";
import { dataplaneResource, meshResource, pause, startTestControlPlane, type TestControlPlane } from "../harness/control-plane.ts";
import { temporaryFolder } from "../harness/temporary-folder.ts";

const folder = temporaryFolder("weak");
let authority: SystemAuthority;
let cp: TestControlPlane;

async function put(name: string): Promise<void> {
  const { certPem, keyPem } = await authority.issueServer(["localhost", "127.0.0.1"], { now: Date.now(), lifetimeMs: 3_600_000 });
  for (const [file, text] of [["cp.key", keyPem], ["cp.crt", certPem]] as const) {
    writeFileSync(join(folder, `${file}.${name}`), text);
    renameSync(join(folder, `${file}.${name}`), join(folder, file));
  }
}

beforeAll(async () => {
  authority = openSystemAuthority(await makeAdminAuthority(Date.now()));
  await put("first");
  cp = await startTestControlPlane({ env: { KUMA_GENERAL_TLS_CERT_FILE: join(folder, "cp.crt"), KUMA_GENERAL_TLS_KEY_FILE: join(folder, "cp.key") } });
  expect((await cp.put("/meshes/closed", meshResource("closed", { constraints: { dataplaneProxy: { requirements: [{ tags: { team: "blue" } }], restrictions: [{ tags: { "kuma.io/service": "evil" } }] } } }))).status).toBe(201);
});
afterAll(async () => {
  await cp.stop();
});

const post = (path: string, body: object) =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    const call = request({ host: "localhost", port: cp.ports.dp, path, method: "POST", ca: authority.caPem, headers: { "content-type": "application/json", accept: "application/json" }, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on("error", reject);
    call.end(JSON.stringify(body));
  });

const outsiders: readonly (readonly [what: string, resource: object, reason: RegExp])[] = [
  ["without the tags that are required", dataplaneResource("out", { mesh: "closed" }), /does not fulfill any requirements defined on the Mesh/],
  ["with tags that are restricted", dataplaneResource("out", { mesh: "closed", tags: { team: "blue", "kuma.io/service": "evil" } }), /matches restricted tags/],
];
for (const [what, resource, reason] of outsiders) {
  test(`a proxy ${what} is no member: the reason is told, at the API and at its stream`, async () => {
    const answer = await cp.put("/meshes/closed/dataplanes/out", resource);
    expect([answer.status, answer.text]).toEqual([400, expect.stringMatching(reason)]);
    const proxy = connectProxy({ ...cp, caPem: authority.caPem }, { id: "closed.out", token: await cp.token("dataplane", { mesh: "closed" }), metadata: bringing(resource) });
    proxy.subscribe(typeUrl.cluster);
    expect((await proxy.closed()).message).toMatch(reason);
    proxy.leave();
    expect((await cp.get("/meshes/closed/dataplanes/out")).status).toBe(404);
  });
}

test("a proxy without inbounds does not slip through the requirements", async () => {
  const answer = await cp.put("/meshes/closed/dataplanes/out", { type: "Dataplane", mesh: "closed", name: "out", networking: { address: "127.0.0.1", outbound: [{ port: 1000, tags: { "kuma.io/service": "x" } }] } });
  expect([answer.status, answer.text]).toEqual([400, expect.stringMatching(/does not fulfill any requirements/)]);
});

test("a CA bundle whose CA is not the first certificate is good at /bootstrap", async () => {
  const leaf = await authority.issueServer(["elsewhere"], { now: Date.now(), lifetimeMs: 3_600_000 });
  const token = await cp.token("dataplane", { mesh: "default", name: "web" });
  const { status, text } = await post("/bootstrap", { mesh: "default", name: "web", dataplaneToken: token, caCert: leaf.certPem + authority.caPem, dataplaneResource: JSON.stringify(dataplaneResource("web")) });
  expect([status, text.length > 100]).toEqual([200, true]);
});

test("the key of a provided CA that stands in the Mesh is shown to who may read secrets, and to nobody else", async () => {
  const own = await makeAdminAuthority(Date.now());
  const keyPem = own.slice(own.indexOf("-----BEGIN", 10));
  const inline = (text: string) => ({ inlineString: text });
  await cp.put("/meshes/inline", meshResource("inline", { mtls: { backends: [{ name: "own", type: "provided", conf: { cert: inline(own.slice(0, own.indexOf(keyPem))), key: inline(keyPem) } }] } }));
  await cp.put("/meshes/bytes", meshResource("bytes", { mtls: { backends: [{ name: "own", type: "provided", conf: { cert: inline(own.slice(0, own.indexOf(keyPem))), key: { inline: Buffer.from(keyPem).toString("base64") } } }] } }));
  expect((await cp.get("/meshes/inline")).text).toContain("PRIVATE KEY");
  expect((await cp.get("/meshes/bytes")).text).toContain(Buffer.from(keyPem).toString("base64"));
  for (const [path, accept] of [["/meshes/inline", "*/*"], ["/meshes/bytes", "*/*"], ["/meshes", "*/*"], ["/meshes", "application/x-ndjson"], ["/meshes/inline?format=kubernetes", "*/*"], ["/_kri/kri_m____inline_", "*/*"]] as const) {
    const { status, text } = await cp.send("GET", path, { "x-forwarded-for": "192.0.2.1", accept });
    expect(status, path).toBe(200);
    expect(text).not.toMatch(/PRIVATE KEY/);
    expect(text).not.toContain(keyPem.split("\n")[1]);
    expect(text).not.toContain(Buffer.from(keyPem).toString("base64").slice(0, 60));
  }
});

test("the key exchange that quantum computers do not break is agreed where the client can, on every port", async () => {
  for (const port of [cp.ports.https, cp.ports.dp]) {
    const agreed = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: "localhost", port, ca: authority.caPem, ecdhCurve: "X25519MLKEM768", ALPNProtocols: ["http/1.1"] }, () => {
        resolve(socket.getProtocol() ?? "");
        socket.destroy();
      });
      socket.on("error", reject);
    });
    expect(agreed).toBe("TLSv1.3");
  }
});

test("a hundred swaps of the pair under load: no failed handshake, and the last one is served", async () => {
  let isRunning = true;
  const failures: string[] = [];
  let count = 0;
  const handshake = (port: number) =>
    new Promise<string>((resolve) => {
      const socket = connect({ host: "localhost", port, ca: authority.caPem, ALPNProtocols: ["http/1.1"] }, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      });
      socket.on("error", (error) => {
        if (isRunning) failures.push(error.message);
        resolve("");
      });
    });
  const load = [cp.ports.https, cp.ports.dp].map(async (port) => {
    for (; isRunning; count++) await handshake(port);
  });
  const seen = new Set<string>();
  for (let swap = 0; swap < 100; swap++) {
    await put(String(swap));
    await pause(swap % 10 === 9 ? 150 : 5);
    seen.add(await handshake(cp.ports.https));
  }
  isRunning = false;
  await Promise.all(load);
  expect(failures).toEqual([]);
  expect(count).toBeGreaterThan(100);
  expect(seen.size).toBeGreaterThan(3);
});
