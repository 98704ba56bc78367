// The operator's walk-through, part 2: proxies and the control plane, as `kuma-dp run` is typed; tokens, their keys and their end.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../../harness/control-plane.ts";
import { envoyPath } from "../../harness/peers.ts";
import { idOf } from "../../harness/tokens.ts";
import type { Program } from "../../../demo/programs.ts";
import { isOnline, logOf, openMachine, webYaml, type Operator } from "./operator.ts";

const withEnvoy = test.skipIf(envoyPath() === undefined);
const ca = "--ca-cert-file=.kuma/kuma-cp.crt";
let count = 0;

/** A name of its own, its Dataplane and token in files. */
async function prepare(machine: Operator, token = "--mesh=default --name=$NAME --valid-for=1h"): Promise<string> {
  const name = `web-${++count}`;
  machine.file(`${name}.yaml`, webYaml(name, 20_000 + count));
  await machine.typed(`kumactl generate dataplane-token ${token} > ${name}.token`, { NAME: name });
  return name;
}
const files = (machine: Operator, name: string) => [`--dataplane-file=${machine.home}/${name}.yaml`, `--dataplane-token-file=${machine.home}/${name}.token`];
const here = (machine: Operator) => ca.replace(".kuma", `${machine.home}/.kuma`);
/** What it says on its way out. */
async function refusalOf(program: Program): Promise<string> {
  const code = await program.ended;
  expect(code).not.toBe("0");
  return logOf(program);
}
const errorLines = (log: string) => log.split("\n").filter((line) => /^(Error|\S+\s+(error|ERROR))/i.test(line));

let machine: Operator;
let controlPlane: Program;
beforeAll(async () => {
  machine = await openMachine();
  controlPlane = await machine.startControlPlane();
  await machine.typed("kumactl config control-planes add --name=own --address=http://localhost:$HTTP");
});
afterAll(() => machine.stop());

describe("the control plane is verified", () => {
  withEnvoy("by a CA file (needs Envoy)", async () => {
    const name = await prepare(machine);
    const proxy = machine.startProxy(name, [here(machine), ...files(machine, name)]);
    await until(() => isOnline(machine, name), 60_000);
    await proxy.end("SIGTERM");
  });

  withEnvoy("by the CA as text, the token and the Dataplane as text too (needs Envoy)", async () => {
    const name = await prepare(machine);
    const proxy = machine.startProxy(name, [`--dataplane=${machine.read(`${name}.yaml`)}`, `--dataplane-token=${machine.read(`${name}.token`)}`], { KUMA_CONTROL_PLANE_CA_CERT: machine.read(".kuma/kuma-cp.crt") });
    await until(() => isOnline(machine, name), 60_000);
    expect(logOf(proxy)).not.toContain(machine.read(`${name}.token`));
    await proxy.end("SIGTERM");
  });

  withEnvoy("by the CA of the environment, with nothing on the command line at all (needs Envoy)", async () => {
    const name = await prepare(machine);
    const proxy = machine.startProxy(name, [], {
      KUMA_CONTROL_PLANE_CA_CERT_FILE: `${machine.home}/.kuma/kuma-ca.crt`, KUMA_DATAPLANE_RUNTIME_TOKEN_PATH: `${machine.home}/${name}.token`, KUMA_DATAPLANE_RUNTIME_RESOURCE_PATH: `${machine.home}/${name}.yaml`,
    });
    await until(() => isOnline(machine, name), 60_000);
    await proxy.end("SIGTERM");
  });

  withEnvoy("without its CA nothing starts: one sentence with both fingerprints and the flag (needs Envoy)", async () => {
    const name = await prepare(machine);
    await machine.typed("kumactl generate tls-certificate --type=server --hostname=localhost --cert-file=foreign.crt --key-file=foreign.key");
    const fingerprint = async (file: string) => (await machine.typed(`openssl x509 -in ${file} -noout -fingerprint -sha256`)).split("=")[1] ?? "";
    const proxy = machine.startProxy(name, [`--ca-cert-file=${machine.home}/foreign.crt`, ...files(machine, name)], { KUMA_CONTROL_PLANE_RETRY_MAX_DURATION: "2s" });
    const said = await refusalOf(proxy);
    const last = said.trim().split("\n").at(-1) ?? "";
    expect(last).toContain(await fingerprint(".kuma/kuma-cp.crt"));
    expect(last).toContain(await fingerprint("foreign.crt"));
    expect(last).toContain("--ca-cert-file");
    expect(said).not.toMatch(/\n\s+at /);
    const unknowing = machine.startProxy(`${name}-b`, files(machine, name), { KUMA_CONTROL_PLANE_RETRY_MAX_DURATION: "2s" });
    expect((await refusalOf(unknowing)).trim().split("\n").at(-1)).toMatch(/no trusted authority has signed \(trusted is what this system trusts\): give its CA certificate by --ca-cert-file/);
    expect(await isOnline(machine, name)).toBe(false);
  });

  withEnvoy("by its name: another one is refused, and the names it has are told (needs Envoy)", async () => {
    const name = await prepare(machine);
    await machine.typed("kumactl generate tls-certificate --type=server --hostname=cp.example.com --cert-file=other.crt --key-file=other.key");
    const other = await openMachine();
    const pair = { KUMA_GENERAL_TLS_CERT_FILE: `${machine.home}/other.crt`, KUMA_GENERAL_TLS_KEY_FILE: `${machine.home}/other.key` };
    await other.startControlPlane(pair);
    const proxy = machine.startProxy(name, [`--cp-address=https://localhost:${other.ports.dp}`, `--ca-cert-file=${machine.home}/other.crt`, ...files(machine, name)], { KUMA_CONTROL_PLANE_RETRY_MAX_DURATION: "2s" });
    expect((await refusalOf(proxy)).trim().split("\n").at(-1)).toMatch(/localhost:\d+ offered a certificate for cp\.example\.com, which is not made for that name/);
    await other.stop();
  });

  withEnvoy("--skip-verify is a choice that the log repeats (needs Envoy)", async () => {
    const name = await prepare(machine);
    const proxy = machine.startProxy(name, ["--skip-verify", ...files(machine, name)]);
    await until(() => isOnline(machine, name), 60_000);
    expect(logOf(proxy)).toMatch(/\[WARNING\]|warn/i);
    await proxy.end("SIGTERM");
  });
});

describe("a token says which proxy it is for", () => {
  const refused: readonly (readonly [what: string, token: string, reason: RegExp])[] = [
    ["another mesh", "--mesh=other --valid-for=1h", /could not parse token: [^:]*: no key of mesh "default" has signed it, it says that it is for mesh "other"/],
    ["another name", "--mesh=default --name=api --valid-for=1h", /proxy name from requestor: web-\d+ is different than in token: api/],
    ["a tag that the proxy has not", "--mesh=default --tag team=blue --valid-for=1h", /dataplane has no tag "team" required by the token/],
    ["another service", "--mesh=default --tag kuma.io/service=api --valid-for=1h", /dataplane contains tag "kuma.io\/service" with value "web" which is not allowed/],
  ];
  for (const [what, token, reason] of refused) {
    withEnvoy(`a token for ${what} is refused with the reason, and kuma-dp ends (needs Envoy)`, async () => {
      await machine.typed("printf 'type: Mesh\\nname: other\\n' | kumactl apply -f -");
      await until(async () => (await machine.type("kumactl generate dataplane-token --mesh=other --valid-for=1h")).code === 0);
      const name = await prepare(machine, token);
      const said = await refusalOf(machine.startProxy(name, [here(machine), ...files(machine, name)]));
      expect(said.trim().split("\n").at(-1)).toMatch(reason);
      expect(said).not.toContain(machine.read(`${name}.token`));
      expect(errorLines(said).length).toBeLessThanOrEqual(1);
      expect((await machine.type(`kumactl get dataplane ${name}`)).code).not.toBe(0);
    });
  }

  withEnvoy("no token: how to make one is told (needs Envoy)", async () => {
    const name = await prepare(machine);
    const said = await refusalOf(machine.startProxy(name, [here(machine), `--dataplane-file=${machine.home}/${name}.yaml`]));
    expect(said).toMatch(/Dataplane Token is required\. Generate token using 'kumactl generate dataplane-token > \/path\/file'[\s\S]*--dataplane-token-file/);
  });

  withEnvoy("a token bound to the service and the name opens (needs Envoy)", async () => {
    const name = await prepare(machine, "--mesh=default --name=$NAME --tag kuma.io/service=web,web-api --valid-for=1h");
    const proxy = machine.startProxy(name, [here(machine), ...files(machine, name)]);
    await until(() => isOnline(machine, name), 60_000);
    await proxy.end("SIGTERM");
  });
});

withEnvoy("the revocation drill: the stream closes, kuma-dp's log says why in a line, nothing is accepted afterwards (needs Envoy)", async () => {
  const [name, other] = [await prepare(machine), await prepare(machine)];
  const proxies = [name, other].map((it) => machine.startProxy(it, [here(machine), ...files(machine, it)]));
  await until(() => isOnline(machine, name), 60_000);
  await until(() => isOnline(machine, other), 60_000);
  const id = idOf(machine.read(`${name}.token`).trim());
  // As documented: a Secret of the mesh, the list in base64, here with what editors leave behind.
  machine.file("revocations.yaml", `type: Secret\nmesh: default\nname: dataplane-token-revocations-default\ndata: ${Buffer.from(`someone-else, ${id}\r\n\n`).toString("base64")}\n`);
  await machine.typed("kumactl apply -f revocations.yaml");
  await until(async () => !(await isOnline(machine, name)), 30_000);
  await until(() => logOf(proxies[0] as Program).split("\n").some((line) => /revoked/.test(line)), 60_000);
  expect(await isOnline(machine, other)).toBe(true);
  expect(logOf(controlPlane)).toContain("closing a stream whose credential is not good any more");
  const again = machine.startProxy(`${name}-again`, [here(machine), ...files(machine, name)]);
  expect(await refusalOf(again)).toMatch(/token is revoked/);
  for (const it of proxies) await it.end("SIGTERM");
  await machine.typed("kumactl delete secret dataplane-token-revocations-default");
});

withEnvoy("the signing key drill: a new key, new tokens, the old key deleted; live proxies follow their token files (needs Envoy)", async () => {
  const [kept, left] = [await prepare(machine), await prepare(machine)];
  const proxies = [kept, left].map((it) => machine.startProxy(it, [here(machine), ...files(machine, it)]));
  await until(() => isOnline(machine, kept), 60_000);
  await until(() => isOnline(machine, left), 60_000);
  await machine.typed(`printf 'type: Secret\\nmesh: default\\nname: dataplane-token-signing-key-default-2\\ndata: ' > key.yaml && kumactl generate signing-key >> key.yaml && kumactl apply -f key.yaml`);
  const kidOf = (token: string) => (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid: string }).kid;
  await until(async () => kidOf(await machine.typed(`kumactl generate dataplane-token --mesh=default --name=${kept} --valid-for=1h`)) === "2");
  await machine.typed(`kumactl generate dataplane-token --mesh=default --name=${kept} --valid-for=1h > new.token && mv new.token ${kept}.token`);
  const watched = async () => /control-plane-token/.test((await machine.type("grep -rl . /tmp/kuma-dp-* 2>/dev/null | head -50")).out);
  await until(watched, 20_000).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 2000)); // kuma-dp looks at its files now and then
  await machine.typed("kumactl delete secret dataplane-token-signing-key-default-1");
  await until(async () => !(await isOnline(machine, left)), 30_000);
  await until(() => isOnline(machine, kept), 60_000);
  expect(proxies.map((it) => it.child.exitCode)).toEqual([null, null]);
  expect((await machine.type("kumactl get dataplanes")).out).toContain(kept);
  for (const it of proxies) await it.end("SIGTERM");
});

withEnvoy("tokens signed offline, by keys of which the control plane knows the public half (needs Envoy)", async () => {
  const own = await openMachine();
  await own.typed("kumactl generate signing-key --format=pem > signing.pem && kumactl generate public-key --signing-key-path=signing.pem > public.pem");
  await own.typed("kumactl generate signing-key --format=pem > stranger.pem");
  own.file("config.yaml", `dpServer:
  authn:
    dpProxy:
      dpToken:
        enableIssuer: false
        validator:
          useSecrets: false
          publicKeys:
          - kid: ours
            mesh: default
            keyFile: ${own.home}/public.pem
`);
  await own.startControlPlane({ KUMA_DP_SERVER_AUTHN_DP_PROXY_DP_TOKEN_ENABLE_ISSUER: "false" }, [`--config-file=${own.home}/config.yaml`]);
  await own.typed("kumactl config control-planes add --name=own --address=http://localhost:$HTTP");
  expect((await own.type("kumactl generate dataplane-token --mesh=default --name=web --valid-for=1h")).err).toContain("issuing tokens using the control plane is disabled");
  own.file("web.yaml", webYaml("web", 20_900));
  for (const key of ["signing", "stranger"]) await own.typed(`kumactl generate dataplane-token --mesh=default --name=web --valid-for=1h --signing-key-path=${key}.pem --kid=ours > ${key}.token`);
  const run = (key: string) => own.startProxy(key, [here(own), `--dataplane-file=${own.home}/web.yaml`, `--dataplane-token-file=${own.home}/${key}.token`]);
  expect(await refusalOf(run("stranger"))).toMatch(/could not parse token|signature/);
  run("signing");
  await until(() => isOnline(own, "web"), 60_000);
  await own.stop();
});

describe("zone proxies", () => {
  const zoneProxy = (type: string, name: string, port: number) => JSON.stringify({ type: type === "ingress" ? "ZoneIngress" : "ZoneEgress", name, networking: { address: "127.0.0.1", port, ...(type === "ingress" ? { advertisedAddress: "127.0.0.1", advertisedPort: port } : {}) } });
  for (const [type, path] of [["ingress", "zone-ingress-insights"], ["egress", "zoneegressinsights"]] as const) {
    withEnvoy(`an ${type} with a zone token of its scope comes online, one of the other scope is refused (needs Envoy)`, async () => {
      machine.file(`${type}.yaml`, zoneProxy(type, `z-${type}`, 21_000 + ++count));
      await machine.typed(`kumactl generate zone-token --zone=default --scope=${type} --valid-for=1h > ${type}.token`);
      await machine.typed(`kumactl generate zone-token --zone=default --scope=${type === "ingress" ? "egress" : "ingress"} --valid-for=1h > not-${type}.token`);
      const args = (token: string) => [`--proxy-type=${type}`, here(machine), `--dataplane-file=${machine.home}/${type}.yaml`, `--dataplane-token-file=${machine.home}/${token}.token`];
      expect(await refusalOf(machine.startProxy(`not-${type}`, args(`not-${type}`)))).toContain(`${type} is out of token's scope`);
      const proxy = machine.startProxy(type, args(type));
      await until(() => isOnline(machine, "", `${path}/z-${type}`), 60_000);
      await proxy.end("SIGTERM");
    });
  }

  withEnvoy("a scope that nobody knows is not issued (needs Envoy)", async () => {
    expect((await machine.type("kumactl generate zone-token --zone=default --scope=cp --valid-for=1h")).err).toContain("invalid --scope values: [cp] (supported scopes: [ingress egress])");
  });
});
