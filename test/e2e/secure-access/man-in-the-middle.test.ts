// A man in the middle for every client we ship: whoever he poses as, he is refused with the reason and gets no secret.
import { execFile, execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeAdminAuthority, openSystemAuthority, type SystemAuthority } from "#security";
import { freePorts, startProgram, type Program } from "../../../demo/programs.ts";
import { bringing, connectProxy, typeUrl, type TestProxy } from "../../harness/ads.ts";
import { dataplaneResource, startTestControlPlane, until, type TestControlPlane } from "../../harness/control-plane.ts";
import { impostors, startImpostor, type Impostor, type ImpostorKind } from "../../harness/impostor.ts";
import { kumactlFor, type Kumactl } from "../../harness/kumactl.ts";
import { envoyPath } from "../../harness/peers.ts";
import { secretText } from "../../harness/tokens.ts";
import { logOf } from "./operator.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const envoy = envoyPath();
const folder = temporaryFolder("mitm");
let controlPlane: TestControlPlane;
/** Signs the control plane's certificate, and those of some impostors. */
let authority: SystemAuthority;
let admin: SystemAuthority;
let token = "";
let kumactl: Kumactl;
let adsPort = 0;
let proxy: TestProxy | undefined;
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

beforeAll(async () => {
  authority = openSystemAuthority(await makeAdminAuthority(Date.now()));
  const { certPem, keyPem } = await authority.issueServer(["localhost", "127.0.0.1"], { now: Date.now(), lifetimeMs: 3_600_000 });
  [adsPort = 0] = await freePorts(1);
  const pair = { KUMA_GENERAL_TLS_CERT_FILE: file("cp.crt", certPem + authority.caPem), KUMA_GENERAL_TLS_KEY_FILE: file("cp.key", keyPem) };
  // Proxies bootstrap at the control plane itself and are sent to the impostor for the rest.
  controlPlane = await startTestControlPlane({ env: { ...pair, KUMA_BOOTSTRAP_SERVER_PARAMS_XDS_PORT: String(adsPort) } });
  admin = openSystemAuthority(await secretText(controlPlane, "/global-secrets/envoy-admin-ca"));
  token = await controlPlane.token("dataplane", { mesh: "default" });
  file("ca.crt", authority.caPem);
  file("web.token", token);
  kumactl = await kumactlFor(controlPlane.api);
});
afterAll(async () => {
  proxy?.leave();
  await controlPlane?.stop();
});

const programs: Program[] = [];
function runProxy(name: string, cpAddress: string): Program {
  const args = [
    "run", `--cp-address=${cpAddress}`, `--ca-cert-file=${join(folder, "ca.crt")}`, `--dataplane-token-file=${join(folder, "web.token")}`, `--dataplane=${JSON.stringify(dataplaneResource(name))}`, `--binary-path=${envoy}`,
    "--drain-time=1s", "--concurrency=1",
  ];
  const program = startProgram("kuma-dp", args, { HOME: folder, KUMA_READINESS_PORT: "", KUMA_CONTROL_PLANE_RETRY_BACKOFF: "200ms", KUMA_CONTROL_PLANE_RETRY_MAX_DURATION: "1s" }, folder, `kuma-dp-${name}`);
  programs.push(program);
  return program;
}
afterAll(async () => {
  for (const it of programs) await it.end("SIGTERM");
});

interface Client {
  readonly name: string;
  readonly needs?: "Envoy";
  /** Not every client follows HTTP. */
  readonly meets?: readonly ImpostorKind[];
  readonly trusts?: () => SystemAuthority;
  readonly port?: () => number;
  /** Talks to the impostor; what it said about him. */
  readonly meet: (impostor: Impostor, kind: ImpostorKind) => Promise<string>;
  /** Of those kinds where its own words are of interest. */
  readonly says: Partial<Record<ImpostorKind, RegExp>>;
}

const words: Record<ImpostorKind, RegExp> = {
  "the certificate of another CA": /no trusted authority has signed|unknown authority/, "the right CA, another name": /not made for that name|not \w*localhost/, "an expired certificate": /expired/, "plain HTTP": /does not speak TLS|HTTP response to HTTPS client/,
  "a redirect to plain HTTP": /redirects to http:\/\/localhost:\d+, which is not followed/, "a redirect to another origin": /redirects to https:\/\/localhost:\d+, which is not followed/,
};
const withoutRedirects = impostors.filter((it) => !it.startsWith("a redirect"));
let count = 0;

const clients: readonly Client[] = [
  {
    name: "kuma-dp, at its bootstrap", needs: "Envoy", says: words,
    async meet(impostor) {
      const program = runProxy(`boot-${++count}`, `https://localhost:${impostor.port}`);
      expect(await program.ended).not.toBe("0");
      return logOf(program);
    },
  },
  {
    name: "Envoy, at its control plane", needs: "Envoy", meets: withoutRedirects, port: () => adsPort, says: {},
    async meet(impostor) {
      const name = `ads-${++count}`;
      const program = runProxy(name, `https://localhost:${controlPlane.ports.dp}`);
      await until(() => impostor.attempts() >= 3, 60_000);
      const { status } = await controlPlane.get(`/meshes/default/dataplane-insights/${name}`);
      expect(status).toBe(404);
      await program.end("SIGTERM");
      return logOf(program);
    },
  },
  {
    name: "kumactl", says: words,
    async meet(impostor) {
      const user = await controlPlane.token("user", { name: "jane" });
      const added = await kumactl.run(`config control-planes add --skip-check --overwrite --name far --address https://localhost:${impostor.port} --ca-cert-file ${join(folder, "ca.crt")} --auth-type tokens --auth-conf token=${user} --headers x-secret=${token}`);
      expect(added.code).toBe(0);
      const { code, err } = await kumactl.run("get meshes");
      expect(code).not.toBe(0);
      expect(impostor.received()).not.toContain(user);
      return err;
    },
  },
  {
    name: "kumactl, when it fetches what it shall apply", says: words,
    async meet(impostor) {
      const program = new URL("../../../bin/kumactl", import.meta.url).pathname;
      const args = ["apply", "-f", `https://localhost:${impostor.port}/mesh.yaml`];
      const env = { ...process.env, HOME: kumactl.home, SSL_CERT_FILE: join(folder, "ca.crt") };
      return new Promise((resolve, reject) => {
        execFile(program, args, { env }, (error, out, err) => (error ? resolve(err) : reject(new Error(`applied: ${out}`))));
      });
    },
  },
  {
    name: "kuma-cp, at Envoy's admin interface", trusts: () => admin, says: words,
    async meet(impostor) {
      const name = `web-${++count}`;
      proxy?.leave();
      proxy = connectProxy(controlPlane, { id: `default.${name}`, token, metadata: { ...bringing({ ...dataplaneResource(name), networking: { ...dataplaneResource(name).networking, address: "127.0.0.1" } }), "dataplane.admin.port": String(impostor.port) } });
      proxy.subscribe(typeUrl.cluster);
      await proxy.next();
      await until(async () => (await controlPlane.get(`/meshes/default/dataplane-insights/${name}`)).status === 200);
      const answer = await controlPlane.get(`/meshes/default/dataplanes/${name}/stats`);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      return answer.text;
    },
  },
];

for (const { name, needs, meets = impostors, trusts, port, meet, says } of clients) {
  describe(name, () => {
    for (const kind of meets) {
      test.skipIf(needs !== undefined && envoy === undefined)(`${kind}: is refused, and nothing secret was received${needs ? ` (needs ${needs})` : ""}`, async () => {
        const impostor = await startImpostor(kind, trusts?.() ?? authority, port?.());
        const said = await meet(impostor, kind).finally(() => void impostor.close());
        expect(impostor.attempts()).toBeGreaterThan(0);
        expect(impostor.received()).not.toContain(token);
        expect(impostor.received()).not.toMatch(/eyJ|[Aa]uthorization|dataplaneToken/);
        // Over TLS not one byte of the client's comes after a handshake that has failed.
        if (kind !== "plain HTTP") expect(impostor.received()).toBe("");
        expect(said).not.toContain(token);
        if (says[kind]) expect(said).toMatch(says[kind]);
      });
    }
  });
}

test("the table knows every client: each place where the product opens a connection by URL is one of these, or stays on this machine", () => {
  const root = new URL("../../../", import.meta.url).pathname;
  const found = execFileSync("grep", ["-rlE", "\\b(httpClient|connectTls)\\(", "src", "--include=*.ts"], { cwd: root, encoding: "utf8" }).trim().split("\n").filter((it) => !it.endsWith(".test.ts") && !it.startsWith("src/security/")).toSorted();
  expect(found).toEqual([
    "src/kuma-cp/envoy-admin.ts", // above
    "src/kuma-dp/dynamic-config/follow.ts", // Envoy's socket file
    "src/kuma-dp/main.ts", // its own Envoy, on this machine
    "src/kuma-dp/metrics/collect.ts", // applications, in plain and without a credential
    "src/kuma-dp/run.ts", // above
    "src/kumactl/documents/read.ts", // above
    "src/kumactl/server/client.ts", // above
  ]);
});
