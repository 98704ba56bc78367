// The operator's walk-through, part 5: service to service, as an outsider sees the inbound of a real Envoy with openssl and curl.
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts } from "../../../demo/programs.ts";
import { until } from "../../harness/control-plane.ts";
import { envoyPath, hasProgram } from "../../harness/peers.ts";
import { isOnline, openMachine, type Operator } from "./operator.ts";

const withPeers = test.skipIf(envoyPath() === undefined || !hasProgram("openssl") || !hasProgram("curl"));
const backendHost = "127.0.0.61";
const webHost = "127.0.0.62";
let machine: Operator;
let service: Server;
let [inbound, outbound, admin, servicePort] = [0, 0, 0, 0];

const apply = async (text: string) => {
  machine.file("apply.yaml", text);
  await machine.typed("kumactl apply -f apply.yaml");
};
/** What a client without a certificate of the mesh is told, or the name by which the caller was known. */
const plainly = async () => (await machine.type(`curl -sS -m 5 http://${backendHost}:${inbound}/`)).out;
const throughTheMesh = async () => (await machine.type(`curl -sS -m 5 http://127.0.0.1:${outbound}/`)).out;
const handshake = (options: string) => machine.type(`openssl s_client -connect ${backendHost}:${inbound} -alpn kuma ${options} </dev/null 2>&1`);
const mesh = (mtls: string) => `type: Mesh\nname: default\nmtls:\n${mtls}`;

beforeAll(async () => {
  machine = await openMachine();
  if (!envoyPath()) return;
  [inbound = 0, outbound = 0, admin = 0, servicePort = 0] = await freePorts(4);
  service = createServer((request, response) => void response.end(/URI=(spiffe:[^;,]+)/.exec(String(request.headers["x-forwarded-client-cert"] ?? ""))?.[1] ?? "nobody")).listen(servicePort, "127.0.0.1");
  await machine.startControlPlane({ KUMA_BOOTSTRAP_SERVER_PARAMS_ADMIN_PORT: String(admin) });
  await machine.typed("kumactl config control-planes add --name=own --address=http://localhost:$HTTP");
  const dataplane = (name: string, address: string, more: string) => `type: Dataplane
mesh: default
name: ${name}
networking:
  address: ${address}
  admin: {port: ${admin}}
  inbound: [{port: ${inbound}, servicePort: ${servicePort}, serviceAddress: 127.0.0.1, tags: {kuma.io/service: ${name}, kuma.io/protocol: http}}]
${more}`;
  machine.file("backend.yaml", dataplane("backend", backendHost, ""));
  machine.file("web.yaml", dataplane("web", webHost, `  outbound: [{port: ${outbound}, tags: {kuma.io/service: backend}}]\n`));
  await apply("type: MeshTrafficPermission\nmesh: default\nname: all\nspec: {targetRef: {kind: Mesh}, from: [{targetRef: {kind: Mesh}, default: {action: Allow}}]}");
  for (const name of ["backend", "web"]) {
    await machine.typed(`kumactl generate dataplane-token --name=${name} --valid-for=1h > ${name}.token`);
    machine.startProxy(name, [`--ca-cert-file=${machine.home}/.kuma/kuma-cp.crt`, `--dataplane-file=${machine.home}/${name}.yaml`, `--dataplane-token-file=${machine.home}/${name}.token`]);
    await until(() => isOnline(machine, name), 60_000);
  }
});
afterAll(async () => {
  service?.close();
  await machine?.stop();
});

withPeers("without mTLS anybody calls in plain text (needs Envoy, openssl and curl)", async () => {
  await until(async () => (await throughTheMesh()) === "nobody" && (await plainly()) === "nobody", 60_000);
});

withPeers("PERMISSIVE: the mesh calls by certificate, others still in plain text (needs Envoy, openssl and curl)", async () => {
  await apply(mesh("  enabledBackend: ca-1\n  backends: [{name: ca-1, type: builtin, mode: PERMISSIVE}]\n"));
  await until(async () => (await throughTheMesh()) === "spiffe://default/web" && (await plainly()) === "nobody", 60_000);
});

withPeers("STRICT: plain text and strangers' TLS end at the inbound (needs Envoy, openssl and curl)", async () => {
  await apply(mesh("  enabledBackend: ca-1\n  backends: [{name: ca-1, type: builtin, mode: STRICT}]\n"));
  await until(async () => (await plainly()) === "", 60_000);
  expect(await throughTheMesh()).toBe("spiffe://default/web");
  const { out } = await handshake("");
  expect(out).toContain("Acceptable client certificate CA names");
  expect((await machine.type(`curl -sSk -m 5 https://${backendHost}:${inbound}/`)).code).not.toBe(0);
  await machine.typed("kumactl generate tls-certificate --type=client --hostname=eve --cert-file=eve.crt --key-file=eve.key");
  expect((await machine.type(`curl -sSk -m 5 --cert eve.crt --key eve.key https://${backendHost}:${inbound}/`)).code).not.toBe(0);
});

withPeers("the inbound shows a SPIFFE id and a life of a day (needs Envoy, openssl and curl)", async () => {
  const text = await machine.typed(`openssl s_client -connect ${backendHost}:${inbound} -alpn kuma </dev/null 2>/dev/null | openssl x509 -noout -text`);
  expect(text).toContain("URI:spiffe://default/backend");
  expect(text).toContain("CA:FALSE");
  await machine.typed(`openssl s_client -connect ${backendHost}:${inbound} -alpn kuma </dev/null 2>/dev/null | openssl x509 -noout -checkend 80000`);
});

withPeers("MeshTLS: versions and ciphers as set, at the real inbound (needs Envoy, openssl and curl)", async () => {
  const isRefused = (out: string) => /alert protocol version|alert handshake failure|unsupported protocol|no protocols available|Cipher is \(NONE\)/i.test(out);
  for (const old of ["-tls1", "-tls1_1"]) expect(isRefused((await handshake(`${old} -cipher ALL:@SECLEVEL=0`)).out), old).toBe(true);
  await apply("type: MeshTLS\nmesh: default\nname: modern\nspec: {targetRef: {kind: Mesh}, from: [{targetRef: {kind: Mesh}, default: {tlsVersion: {min: TLS13, max: TLS13}}}]}");
  await until(async () => isRefused((await handshake("-tls1_2")).out), 60_000);
  expect((await handshake("-tls1_3")).out).toContain("New, TLSv1.3");
  await until(async () => (await throughTheMesh()) === "spiffe://default/web", 30_000);
  await apply("type: MeshTLS\nmesh: default\nname: modern\nspec: {targetRef: {kind: Mesh}, from: [{targetRef: {kind: Mesh}, default: {tlsVersion: {min: TLS12, max: TLS12}, tlsCiphers: [ECDHE-ECDSA-AES256-GCM-SHA384]}}]}");
  await until(async () => (await handshake("-tls1_2")).out.includes("ECDHE-ECDSA-AES256-GCM-SHA384"), 60_000);
  expect(isRefused((await handshake("-tls1_3")).out)).toBe(true);
  expect(isRefused((await handshake("-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256")).out)).toBe(true);
  await until(async () => (await throughTheMesh()) === "spiffe://default/web", 30_000);
  await machine.typed("kumactl delete meshtls modern");
});

withPeers("a provided CA below one's own root: the intermediate is served, and the change is made under traffic (needs Envoy, openssl and curl)", async () => {
  await machine.typed(`
openssl ecparam -name prime256v1 -genkey -noout -out root.key
openssl req -x509 -key root.key -subj /CN=root -days 30 -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -out root.crt
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out mid.key
openssl req -new -key mid.key -subj /CN=intermediate -out mid.csr
printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectAltName=URI:spiffe://default\\n' > mid.ext
openssl x509 -req -in mid.csr -CA root.crt -CAkey root.key -CAcreateserial -days 20 -extfile mid.ext -out mid.crt
cat mid.crt root.crt > chain.crt`);
  for (const [name, file] of [["cert", "chain.crt"], ["key", "mid.key"]]) await machine.typed(`printf 'type: Secret\\nmesh: default\\nname: own-${name}\\ndata: %s\\n' "$(base64 -w0 ${file})" | kumactl apply -f -`);
  const backends = "  - {name: ca-1, type: builtin, mode: STRICT}\n  - {name: own, type: provided, mode: STRICT, conf: {cert: {secret: own-cert}, key: {secret: own-key}}}\n";
  await apply(mesh(`  enabledBackend: ca-1\n  backends:\n${backends}`));
  let failures = 0;
  let isRunning = true;
  const load = (async () => {
    while (isRunning) if (!(await throughTheMesh()).startsWith("spiffe://default/web")) failures++;
  })();
  await apply(mesh(`  enabledBackend: own\n  backends:\n${backends}`));
  const served = () => machine.type(`openssl s_client -connect ${backendHost}:${inbound} -alpn kuma -showcerts -CAfile root.crt </dev/null 2>&1`);
  await until(async () => /i:CN = root/.test((await served()).out), 90_000);
  await until(async () => /Verify return code: 0 \(ok\)/.test((await served()).out), 30_000);
  isRunning = false;
  await load;
  expect(failures).toBe(0);
});

withPeers("Envoy's admin: closed in plain and to strangers, open to the control plane only (needs Envoy, openssl and curl)", async () => {
  expect((await machine.type(`curl -sS -m 5 -o /dev/null -w '%{http_code}' http://${backendHost}:${admin}/config_dump`)).out).toMatch(/^(404|000)$/);
  expect((await machine.type(`curl -sSk -m 5 https://${backendHost}:${admin}/stats`)).code).not.toBe(0);
  expect((await machine.type(`curl -sSk -m 5 --cert eve.crt --key eve.key https://${backendHost}:${admin}/stats`)).code).not.toBe(0);
  expect(await machine.typed("kumactl inspect dataplane backend --type=clusters")).toContain("backend");
  expect(await machine.typed("kumactl inspect dataplane backend --type=config-dump")).not.toMatch(/PRIVATE KEY|eyJhbGci/);
});
