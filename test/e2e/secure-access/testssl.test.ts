// testssl.sh looks at every TLS port, one after the other: versions, ciphers, forward secrecy, known vulnerabilities.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts } from "../../../demo/programs.ts";
import { until } from "../../harness/control-plane.ts";
import { envoyPath, hasProgram } from "../../harness/peers.ts";
import { isOnline, openMachine, webYaml, type Operator } from "./operator.ts";

const hasTestssl = hasProgram("testssl");
const envoy = envoyPath();
const inboundHost = "127.0.0.71";
let machine: Operator;
let [inbound, admin] = [0, 0];

const untested = "client x509-based authentication prevents this from being tested";
/** What is above INFO and all the same right: the finding to the word, with the reason. */
const accepted: readonly (Pick<Finding, "id" | "finding"> & { readonly because: string })[] = [
  { id: "CRIME_TLS", finding: "Check failed, couldn't connect", because: "testssl has no client certificate, which Envoy wants before the check is over; Envoy's TLS library has no compression" },
  { id: "CRIME_TLS", finding: untested, because: "Envoy's TLS library has no compression" },
  { id: "secure_client_renego", finding: untested, because: "Envoy's TLS library does not renegotiate as a server" },
  { id: "BREACH", finding: untested, because: "nothing is compressed behind these listeners" },
];
/** `DEBUG` says only that no HTTP was recognised. */
const harmless = ["OK", "INFO", "DEBUG"];

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

beforeAll(async () => {
  if (!hasTestssl) return;
  machine = await openMachine();
  [inbound = 0, admin = 0] = await freePorts(2);
  await machine.startControlPlane({ KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_ENABLED: "true", KUMA_DIAGNOSTICS_TLS_ENABLED: "true", KUMA_BOOTSTRAP_SERVER_PARAMS_ADMIN_PORT: String(admin) });
  if (!envoy) return;
  await machine.typed("kumactl config control-planes add --name=own --address=http://localhost:$HTTP");
  machine.file("mesh.yaml", "type: Mesh\nname: default\nmtls: {enabledBackend: ca-1, backends: [{name: ca-1, type: builtin}]}\n");
  machine.file("web.yaml", webYaml("web", inbound).replace('"127.0.0.1"', `"${inboundHost}"`));
  await machine.typed("kumactl apply -f mesh.yaml && kumactl generate dataplane-token --name=web --valid-for=1h > web.token");
  machine.startProxy("web", [`--ca-cert-file=${machine.home}/.kuma/kuma-cp.crt`, `--dataplane-file=${machine.home}/web.yaml`, `--dataplane-token-file=${machine.home}/web.token`]);
  await until(() => isOnline(machine, "web"), 60_000);
  await until(async () => (await machine.type(`openssl s_client -connect ${inboundHost}:${inbound} -alpn kuma </dev/null`)).out.includes("BEGIN CERTIFICATE"), 60_000);
});
afterAll(() => machine?.stop());

const ports: readonly (readonly [name: string, address: () => string, needs: string])[] = [
  ["the API", () => `127.0.0.1:${machine.ports.https}`, "testssl"],
  ["the port for proxies", () => `127.0.0.1:${machine.ports.dp}`, "testssl"],
  ["discovery for Prometheus", () => `127.0.0.1:${machine.ports.mads}`, "testssl"],
  ["diagnostics", () => `127.0.0.1:${machine.ports.diagnostics}`, "testssl"],
  ["a workload's inbound", () => `${inboundHost}:${inbound}`, "testssl and Envoy"],
  ["Envoy's admin listener", () => `${inboundHost}:${admin}`, "testssl and Envoy"],
];
for (const [name, address, needs] of ports) {
  test.skipIf(!hasTestssl || (needs.includes("Envoy") && !envoy))(`${name}: nothing old, nothing weak, no known vulnerability (needs ${needs})`, async () => {
    const report = `${name.replaceAll(/\W/g, "-")}.json`;
    const { out } = await machine.type(`timeout 240 testssl --quiet --color 0 --warnings off --ip one --connect-timeout 10 --openssl-timeout 10 --jsonfile ${report} --protocols --std --pfs --vulnerable ${address()}`, {}, 250_000);
    const findings = JSON.parse(readFileSync(join(machine.home, report), "utf8")) as readonly Finding[];
    const of = (id: string) => findings.find((it) => it.id === id)?.finding;
    expect([of("SSLv2"), of("SSLv3"), of("TLS1"), of("TLS1_1")], out).toEqual(["not offered", "not offered", "not offered", "not offered"]);
    expect(of("TLS1_3")).toMatch(/^offered/);
    for (const id of ["heartbleed", "ROBOT", "LUCKY13", "SWEET32", "DROWN", "LOGJAM"]) expect(of(id), id).toMatch(/not vulnerable/);
    expect(findings.filter((it) => !harmless.includes(it.severity) && !accepted.some(({ id, finding }) => id === it.id && finding === it.finding))).toEqual([]);
  }, 280_000);
}
