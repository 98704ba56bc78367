// Access logs, spans and the way out of the mesh, with real Envoy and what receives them.
import { writeFileSync, readFileSync } from "node:fs";
import { createServer as createHttpServer, request } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openMesh, until, type DemoMesh } from "../../../demo/mesh.ts";
import { freePorts, startProgram } from "../../../demo/programs.ts";
import { envoyPath } from "../../harness/peers.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const envoy = envoyPath();
const withEnvoy = test.skipIf(envoy === undefined);
const servers: Server[] = [];
let mesh: DemoMesh | undefined;
let folder = "";

const it = (): DemoMesh => {
  if (!mesh) throw new Error("the mesh was not opened");
  return mesh;
};

/** What arrived at a server of the test's own. */
interface Receiver {
  readonly port: number;
  readonly text: () => string;
}

function receiver(make: (onData: (text: string) => void) => Server): Promise<Receiver> {
  let text = "";
  const server = make((more) => void (text += more));
  servers.push(server);
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({ port: (server.address() as AddressInfo).port, text: () => text })));
}

const collector = () => receiver((onData) => createTcpServer((socket) => void socket.on("data", (data) => onData(data.toString())).on("error", () => {})));
const zipkin = () => receiver((onData) => createHttpServer((asked, answer) => void asked.on("data", (data: Buffer) => onData(data.toString())).on("end", () => answer.writeHead(202).end())));

const policy = (type: string, path: string, name: string, spec: object) => it().put(`/meshes/default/${path}/${name}`, { type, mesh: "default", name, spec });

beforeAll(async () => {
  if (!envoy) return;
  folder = temporaryFolder("e2e-telemetry");
  mesh = await openMesh(folder, envoy);
  await mesh.startControlPlane();
  await mesh.startProxies();
  await until(async () => (await it().call()).status === 200, 60_000, "no request came through");
});

afterAll(async () => {
  await mesh?.stop();
  for (const server of servers) server.close();
});

withEnvoy("requests are logged to a file and, through kuma-dp, to a TCP collector (needs Envoy)", async () => {
  const logs = await collector();
  const path = join(folder, "access.log");
  const fields = { type: "Json", json: [{ key: "to", value: "%KUMA_DESTINATION_SERVICE%" }, { key: "path", value: "%REQ(:PATH)%" }, { key: "zone", value: "%KUMA_ZONE%" }] };
  await policy("MeshAccessLog", "meshaccesslogs", "called", { to: [{ targetRef: { kind: "Mesh" }, default: { backends: [{ type: "File", file: { path } }] } }] });
  await policy("MeshAccessLog", "meshaccesslogs", "served", { rules: [{ default: { backends: [{ type: "Tcp", tcp: { address: `127.0.0.1:${logs.port}`, format: fields } }] } }] });
  const called = async () => {
    await it().call("/logged");
    return readFileSync(path, "utf8").includes('"web" "backend"') && logs.text().includes("/logged");
  };
  await until(called, 30_000, "nothing was logged");
  const line = logs.text().split("\n").find((text) => text.includes("/logged")) ?? "";
  expect(JSON.parse(line)).toEqual({ to: "backend", path: "/logged", zone: "default" });
});

withEnvoy("spans of a request reach a Zipkin collector with the mesh's tags (needs Envoy)", async () => {
  const spans = await zipkin();
  await policy("MeshTrace", "meshtraces", "spans", { default: { backends: [{ type: "Zipkin", zipkin: { url: `http://127.0.0.1:${spans.port}/api/v2/spans` } }], tags: [{ name: "team", literal: "core" }] } });
  const reported = async () => {
    await it().call("/traced");
    return spans.text().includes("/traced");
  };
  await until(reported, 60_000, "no span came");
  expect(spans.text()).toContain('"kuma.mesh":"default"');
  expect(spans.text()).toContain('"team":"core"');
});

/** A proxy whose redirected connections the test makes itself: it calls the port that redirection would lead to. */
async function startTransparentProxy(): Promise<number> {
  const [outbound = 0, inbound = 0, own = 0] = await freePorts(3);
  const networking = { address: "127.0.0.4", inbound: [{ port: own, serviceAddress: "127.0.0.1", servicePort: own, tags: { "kuma.io/service": "redirected" } }], transparentProxying: { redirectPortInbound: inbound, redirectPortOutbound: outbound } };
  writeFileSync(join(folder, "redirected.json"), JSON.stringify({ type: "Dataplane", mesh: "default", name: "redirected", networking }));
  const token = await fetch(`${it().api}/tokens/dataplane`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ mesh: "default", name: "redirected", validFor: "24h" }) });
  writeFileSync(join(folder, "redirected.token"), await token.text(), { mode: 0o600 });
  const args = [
    "run", `--cp-address=https://localhost:${it().ports.dp}`, `--ca-cert-file=${join(folder, "kuma", "kuma-cp.crt")}`, `--dataplane-file=${join(folder, "redirected.json")}`,
    `--dataplane-token-file=${join(folder, "redirected.token")}`, `--binary-path=${envoy}`, "--drain-time=1s", "--concurrency=1",
  ];
  it().programs.push(startProgram("kuma-dp", args, { HOME: folder }, folder, "kuma-dp-redirected"));
  await until(() => new Promise((resolve) => connect(outbound, "127.0.0.1", function (this: { destroy(): void }) { this.destroy(); resolve(true); }).once("error", () => resolve(false))), 60_000, "no listener for redirected connections");
  return outbound;
}

/** The status of an answer for a host, or `closed`. */
const ask = (port: number, host: string): Promise<string> =>
  new Promise((resolve) => {
    const asked = request({ host: "127.0.0.1", port, path: "/", headers: { host }, timeout: 5000, agent: false }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => (body += text)).on("end", () => resolve(`${answer.statusCode} ${body}`));
    });
    asked.on("timeout", () => asked.destroy()).on("error", () => resolve("closed")).end();
  });

withEnvoy("hosts that no MeshPassthrough names are told so, and with mode None nothing leaves the mesh (needs Envoy)", async () => {
  const port = await startTransparentProxy();
  await policy("MeshPassthrough", "meshpassthroughs", "out", {
    default: { passthroughMode: "Matched", appendMatch: [{ type: "Domain", value: "known.example", protocol: "http" }, { type: "Domain", value: "*.known.example", protocol: "tls" }, { type: "IP", value: "192.0.2.1", protocol: "tcp" }, { type: "CIDR", value: "198.51.100.0/24", protocol: "mysql", port: 3306 }] },
  });
  await until(async () => (await ask(port, "unknown.example")).startsWith("503 This response comes from Kuma Sidecar"), 30_000, "an unknown host was not refused");
  await policy("MeshPassthrough", "meshpassthroughs", "out", { default: { passthroughMode: "None" } });
  await until(async () => (await ask(port, "known.example")) === "closed" && (await ask(port, "unknown.example")) === "closed", 30_000, "connections still leave");
  const refusals = await it().get<object>("/meshes/default/dataplanes/redirected/_refusals");
  expect(JSON.stringify(refusals)).not.toContain("message");
});
