// The operator's walk-through, part 4: a real Prometheus asks for its targets with a certificate or a token, and gets none without.
import { spawn, type ChildProcess } from "node:child_process";
import { openSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts } from "../../../demo/programs.ts";
import { until } from "../../harness/control-plane.ts";
import { prometheusPath } from "../../harness/peers.ts";
import { openMachine, webYaml, type Operator } from "./operator.ts";

const prometheus = prometheusPath();
const withPrometheus = test.skipIf(prometheus === undefined);
const machines: Operator[] = [];
let child: ChildProcess | undefined;
let api = "";

/** Jobs by name: those that get targets, and those that must not. */
const good = ["own pair, no credential asked for", "a user's token", "a client certificate"];
const bad = ["no token", "another key's token", "a token in plain text to a TLS port", "no certificate", "a stranger's certificate", "another CA", "another server name"];

async function controlPlane(env: (home: string) => Readonly<Record<string, string>>): Promise<Operator> {
  const machine = await openMachine();
  machines.push(machine);
  await machine.typed("kumactl generate tls-certificate --type=server --hostname=localhost --cert-file=mads.crt --key-file=mads.key");
  for (const name of ["prometheus", "eve"]) await machine.typed(`kumactl generate tls-certificate --type=client --hostname=${name} --cert-file=${name}.crt --key-file=${name}.key`);
  await machine.startControlPlane({
    KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_ENABLED: "true", KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_CERT_FILE: join(machine.home, "mads.crt"), KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_KEY_FILE: join(machine.home, "mads.key"), ...env(machine.home),
  });
  await machine.typed("kumactl config control-planes add --name=own --address=http://localhost:$HTTP");
  for (const mesh of ["default", "private"]) {
    machine.file("mesh.yaml", `type: Mesh\nname: ${mesh}\nmetrics: {enabledBackend: p, backends: [{name: p, type: prometheus}]}\n`);
    machine.file("web.yaml", webYaml(`web-${mesh}`, 8080, { mesh }));
    await machine.typed("kumactl apply -f mesh.yaml && kumactl apply -f web.yaml");
  }
  return machine;
}

const job = (name: string, machine: Operator, more: string, server = "https://localhost") => `- job_name: "${name}"
  scrape_interval: 5s
  kuma_sd_configs: [{ server: "${server}:${machine.ports.mads}", refresh_interval: 1s, fetch_timeout: 5s${more} }]
`;

beforeAll(async () => {
  if (!prometheus) return;
  const open = await controlPlane(() => ({}));
  const byToken = await controlPlane(() => ({ KUMA_MONITORING_ASSIGNMENT_SERVER_AUTH: "token" }));
  const byCertificate = await controlPlane((home) => ({ KUMA_MONITORING_ASSIGNMENT_SERVER_AUTH: "clientCert", KUMA_MONITORING_ASSIGNMENT_SERVER_CLIENT_CA_FILE: join(home, "prometheus.crt"), KUMA_MONITORING_ASSIGNMENT_SERVER_ALLOWED_MESHES: "default" }));
  for (const it of [open, byToken]) await until(async () => (await it.type("kumactl generate user-token --name=prometheus --valid-for=1h > prometheus.token")).code === 0);
  const tls = ({ home }: Operator, more = "", ca = "mads.crt") => `, tls_config: { ca_file: "${home}/${ca}"${more} }`;
  const pair = ({ home }: Operator, name: string) => `, cert_file: "${home}/${name}.crt", key_file: "${home}/${name}.key"`;
  const token = ({ home }: Operator) => `, authorization: { credentials_file: "${home}/prometheus.token" }`;
  const jobs = [
    job(good[0] ?? "", open, tls(open)), job(good[1] ?? "", byToken, tls(byToken) + token(byToken)), job(good[2] ?? "", byCertificate, tls(byCertificate, pair(byCertificate, "prometheus"))),
    job(bad[0] ?? "", byToken, tls(byToken)), job(bad[1] ?? "", byToken, tls(byToken) + token(open)), job(bad[2] ?? "", byToken, token(byToken), "http://localhost"), job(bad[3] ?? "", byCertificate, tls(byCertificate)),
    job(bad[4] ?? "", byCertificate, tls(byCertificate, pair(byCertificate, "eve"))), job(bad[5] ?? "", open, tls(byToken)), job(bad[6] ?? "", open, tls(open, ', server_name: "cp.example.com"')),
  ];
  const config = open.file("prometheus.yml", `scrape_configs:\n${jobs.join("")}`);
  const [port = 0] = await freePorts(1);
  api = `http://127.0.0.1:${port}`;
  const log = openSync(join(open.home, "prometheus.log"), "a");
  child = spawn(prometheus, [`--config.file=${config}`, `--storage.tsdb.path=${open.home}/data`, `--web.listen-address=127.0.0.1:${port}`], { stdio: ["ignore", log, log] });
  await until(() => fetch(`${api}/-/ready`).then((it) => it.ok, () => false), 60_000);
  await until(async () => (await Promise.all(good.map(found))).every((it) => it.length > 0), 60_000);
});
afterAll(async () => {
  const ended = child && new Promise((resolve) => child?.once("exit", resolve));
  child?.kill("SIGTERM");
  await ended;
  for (const it of machines) await it.stop();
});

/** Names of the Dataplanes that a job was told of. */
async function found(pool: string): Promise<readonly string[]> {
  const { data } = (await (await fetch(`${api}/api/v1/targets`)).json()) as { data: { activeTargets: { scrapePool: string; discoveredLabels: Record<string, string> }[] } };
  return data.activeTargets.filter((it) => it.scrapePool === pool).map((it) => it.discoveredLabels["__meta_kuma_dataplane"] ?? "").toSorted();
}

withPrometheus.each([[good[0], ["web-default", "web-private"]], [good[1], ["web-default", "web-private"]], [good[2], ["web-default"]]] as const)("%s: targets %j are found (needs Prometheus)", async (name = "", names) => {
  expect(await found(name)).toEqual(names);
});

withPrometheus.each(bad)("%s: no targets (needs Prometheus)", async (name) => {
  expect(await found(name)).toEqual([]);
});

withPrometheus("a revoked token ends the poll that waits, and the next is refused (needs Prometheus)", async () => {
  const [, byToken] = machines;
  if (!byToken) throw new Error("no control plane");
  const poll = byToken.type(`curl -s -m 30 -o /dev/null -w '%{http_code}' --cacert mads.crt -H "Authorization: Bearer $(cat prometheus.token)" -H 'content-type: application/json' -d "$(curl -s --cacert mads.crt -H "Authorization: Bearer $(cat prometheus.token)" -H 'content-type: application/json' -d '{"node":{"id":"x"}}' https://localhost:$MADS/v3/discovery:monitoringassignments | jq -c '{version_info,node:{id:"x"}}')" 'https://localhost:$MADS/v3/discovery:monitoringassignments?fetch-timeout=25s'`.replace("'https://localhost:$MADS", '"https://localhost:$MADS').replace("25s'", '25s"'));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await byToken.typed(`printf 'type: GlobalSecret\\nname: user-token-revocations\\ndata: %s\\n' "$(cut -d. -f2 prometheus.token | tr _- /+ | base64 -d 2>/dev/null | grep -o '"jti":"[^"]*' | cut -d'"' -f4 | base64 -w0)" | kumactl apply -f -`);
  expect((await poll).out).not.toMatch(/^(200|304)$/);
  expect(await byToken.typed(`curl -s -o /dev/null -w '%{http_code}' --cacert mads.crt -H "Authorization: Bearer $(cat prometheus.token)" -H 'content-type: application/json' -d '{"node":{"id":"x"}}' https://localhost:$MADS/v3/discovery:monitoringassignments`)).toBe("401");
});
