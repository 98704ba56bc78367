// A real Prometheus finds proxies through the control plane and scrapes them through Envoy: in the clear, over TLS, and not at all with a wrong CA.
import { spawn, type ChildProcess } from "node:child_process";
import { openSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts, startProgram, type Program } from "../../../demo/programs.ts";
import { startTestControlPlane, until, type TestControlPlane } from "../../harness/control-plane.ts";
import { envoyPath, prometheusPath } from "../../harness/peers.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const [envoy, prometheus] = [envoyPath(), prometheusPath()];
const withPeers = test.skipIf(envoy === undefined || prometheus === undefined);
const host = "127.0.0.51";
let folder = "";
let secure: TestControlPlane;
let plain: TestControlPlane;
let application: Server;
let proxy: Program | undefined;
let child: ChildProcess | undefined;
let api = "";

interface Target {
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly health: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly discoveredLabels: Readonly<Record<string, string>>;
}

const ask = async <T>(path: string): Promise<T> => ((await (await fetch(`${api}${path}`)).json()) as { data: T }).data;
const targets = async (pool: string): Promise<readonly Target[]> => (await ask<{ activeTargets: Target[] }>("/api/v1/targets")).activeTargets.filter((it) => it.scrapePool === pool);
const series = async (query: string) => (await ask<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(`/api/v1/query?query=${encodeURIComponent(query)}`)).result;

const job = (name: string, server: string, more = "") => `- job_name: ${name}
  scrape_interval: 1s
  scrape_timeout: 1s
  kuma_sd_configs: [{ server: "${server}", client_id: main, refresh_interval: 1s, fetch_timeout: 5s${more} }]
`;

beforeAll(async () => {
  if (!envoy || !prometheus) return;
  folder = temporaryFolder("prometheus");
  const [inbound = 0, metrics = 0, app = 0, port = 0, dp = 0] = await freePorts(5);
  // Envoy is told the port that is configured, not the one that was found free.
  secure = await startTestControlPlane({ env: { KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_ENABLED: "true", KUMA_DP_SERVER_PORT: String(dp) } });
  plain = await startTestControlPlane();
  application = createServer((_request, response) => {
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end("# TYPE orders_total counter\norders_total 41\n");
  }).listen(app, "127.0.0.1");
  const dataplane = {
    type: "Dataplane", mesh: "default", name: "shop",
    networking: { address: host, inbound: [{ port: inbound, servicePort: app, serviceAddress: "127.0.0.1", tags: { "kuma.io/service": "shop", "kuma.io/protocol": "http" } }] },
  };
  const policy = {
    type: "MeshMetric", mesh: "default", name: "all",
    spec: { default: { applications: [{ path: "/metrics", port: app, address: "127.0.0.1" }], backends: [{ type: "Prometheus", prometheus: { clientId: "main", port: metrics, path: "/metrics" } }] } },
  };
  // The plain one knows the same proxy, which is connected to the other.
  for (const controlPlane of [secure, plain]) await controlPlane.put("/meshes/default/meshmetrics/all", policy);
  await plain.put("/meshes/default/dataplanes/shop", dataplane);
  writeFileSync(join(folder, "shop.json"), JSON.stringify(dataplane));
  writeFileSync(join(folder, "shop.token"), await secure.token("dataplane", { mesh: "default", name: "shop" }), { mode: 0o600 });
  writeFileSync(join(folder, "ca.pem"), secure.caPem);
  writeFileSync(join(folder, "wrong.pem"), plain.caPem);
  const args = [
    "run", `--cp-address=https://localhost:${secure.ports.dp}`, `--ca-cert-file=${join(folder, "ca.pem")}`, `--dataplane-file=${join(folder, "shop.json")}`,
    `--dataplane-token-file=${join(folder, "shop.token")}`, `--binary-path=${envoy}`, "--drain-time=1s", "--concurrency=1",
  ];
  proxy = startProgram("kuma-dp", args, { HOME: folder }, folder);
  const tls = (file: string) => `, tls_config: { ca_file: "${join(folder, file)}", server_name: localhost }`;
  const url = `https://127.0.0.1:${secure.ports.mads}`;
  const config = `scrape_configs:\n${job("plain", `http://127.0.0.1:${plain.ports.mads}`)}${job("tls", url, tls("ca.pem"))}${job("wrong-ca", url, tls("wrong.pem"))}`;
  writeFileSync(join(folder, "prometheus.yml"), config);
  api = `http://127.0.0.1:${port}`;
  const log = openSync(join(folder, "prometheus.log"), "a");
  child = spawn(prometheus, [`--config.file=${join(folder, "prometheus.yml")}`, `--storage.tsdb.path=${join(folder, "data")}`, `--web.listen-address=127.0.0.1:${port}`], { stdio: ["ignore", log, log] });
  await until(() => fetch(`${api}/-/ready`).then((it) => it.ok, () => false), 30_000);
});

afterAll(async () => {
  const ended = child && new Promise((resolve) => child?.once("exit", resolve));
  child?.kill("SIGTERM");
  await ended;
  await proxy?.end("SIGTERM");
  application?.close();
  await plain?.stop();
  await secure?.stop();
});

withPeers.each(["plain", "tls"])("the proxy is found over %s and scraped through Envoy (needs Envoy and Prometheus)", async (pool) => {
  await until(async () => (await targets(pool)).some((it) => it.health === "up"), 60_000);
  const [target] = await targets(pool);
  expect(target?.scrapeUrl).toMatch(/^http:\/\/127\.0\.0\.51:\d+\/metrics$/);
  expect(target?.discoveredLabels).toMatchObject({ __meta_kuma_mesh: "default", __meta_kuma_service: "shop", __meta_kuma_dataplane: "shop" });
});

withPeers("metrics of the application arrive with the labels of the proxy (needs Envoy and Prometheus)", async () => {
  await until(async () => (await series('orders_total{job="tls"}')).length === 1, 20_000);
  const [order] = await series('orders_total{job="tls"}');
  expect([order?.value[1], order?.metric["kuma_io_service"], order?.metric["kuma_proxy_role"]]).toEqual(["41", "shop", "sidecar"]);
});

withPeers("metrics of Envoy arrive (needs Envoy and Prometheus)", async () => {
  await until(async () => (await series('envoy_server_live{job="plain"}')).length === 1, 20_000);
  expect((await series('envoy_server_live{job="plain"}'))[0]?.value[1]).toBe("1");
});

withPeers("a new proxy becomes a target, a deleted one is none (needs Envoy and Prometheus)", async () => {
  const other = { type: "Dataplane", mesh: "default", name: "other", networking: { address: "127.0.0.52", inbound: [{ port: 80, tags: { "kuma.io/service": "other" } }] } };
  await plain.put("/meshes/default/dataplanes/other", other);
  await until(async () => (await targets("plain")).length === 2, 20_000);
  await plain.remove("/meshes/default/dataplanes/other");
  await until(async () => (await targets("plain")).length === 1, 20_000);
});

withPeers("a Prometheus that trusts another CA gets no targets (needs Envoy and Prometheus)", async () => {
  await until(async () => (await targets("tls")).length === 1, 20_000);
  expect(await targets("wrong-ca")).toEqual([]);
});
