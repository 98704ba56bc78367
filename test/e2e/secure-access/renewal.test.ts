// Certificates, CA files and tokens that change under running and starting proxies, with real Envoy.
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeAdminAuthority, openSystemAuthority } from "#security";
import { freePorts, startProgram, type Program } from "../../../demo/programs.ts";
import { dataplaneResource, until } from "../../harness/control-plane.ts";
import { envoyPath } from "../../harness/peers.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const envoy = envoyPath();
const withEnvoy = test.skipIf(envoy === undefined);
const folder = temporaryFolder("renewal");
const programs: Program[] = [];
afterAll(async () => {
  for (const program of programs.toReversed()) await program.end("SIGTERM");
});

interface Insight {
  readonly subscriptions?: readonly { readonly controlPlaneInstanceId?: string; readonly disconnectTime?: string }[];
}

withEnvoy("a proxy starts once its CA file is right, and comes back after the control plane has a new leaf (needs Envoy)", async () => {
  const [http = 0, https = 0, dp = 0, diagnostics = 0, mads = 0] = await freePorts(5);
  const env = {
    HOME: folder, KUMA_GENERAL_WORK_DIR: join(folder, "kuma"), KUMA_API_SERVER_HTTP_PORT: String(http), KUMA_API_SERVER_HTTP_INTERFACE: "127.0.0.1", KUMA_API_SERVER_HTTPS_PORT: String(https),
    KUMA_API_SERVER_HTTPS_INTERFACE: "127.0.0.1", KUMA_DP_SERVER_PORT: String(dp), KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics), KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: String(mads),
  };
  const api = `http://127.0.0.1:${http}`;
  const answers = (path: string) => fetch(api + path).then((it) => it.ok, () => false);
  const startControlPlane = async () => {
    const program = startProgram("kuma-cp", ["run"], env, folder);
    programs.push(program);
    await until(() => answers("/meshes/default"), 30_000);
    return program;
  };
  const insight = async (): Promise<Insight> => {
    const response = await fetch(`${api}/meshes/default/dataplane-insights/web`).catch(() => undefined);
    return response?.ok ? ((await response.json()) as Insight) : {};
  };
  const isOnline = async () => {
    const last = (await insight()).subscriptions?.at(-1);
    return last !== undefined && last.disconnectTime === undefined;
  };
  const certificate = join(folder, "kuma", "kuma-cp.crt");
  const leaf = () => new X509Certificate(readFileSync(certificate)).fingerprint256;

  const first = await startControlPlane();
  let token = "";
  await until(async () => {
    const response = await fetch(`${api}/tokens/dataplane`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ mesh: "default", name: "web", validFor: "1h" }) });
    token = await response.text();
    return response.ok;
  });
  writeFileSync(join(folder, "web.token"), token);
  writeFileSync(join(folder, "web.json"), JSON.stringify(dataplaneResource("web")));
  const caFile = join(folder, "ca.crt");
  writeFileSync(caFile, openSystemAuthority(await makeAdminAuthority(Date.now())).caPem);
  const args = ["run", `--cp-address=https://localhost:${dp}`, `--ca-cert-file=${caFile}`, `--dataplane-file=${join(folder, "web.json")}`, `--dataplane-token-file=${join(folder, "web.token")}`, `--binary-path=${envoy}`, "--drain-time=1s", "--concurrency=1"];
  const proxy = startProgram("kuma-dp", args, { HOME: folder, KUMA_CONTROL_PLANE_RETRY_BACKOFF: "300ms" }, folder, "kuma-dp-web");
  programs.push(proxy);
  const logOf = (program: Program) => (existsSync(program.logFile) ? readFileSync(program.logFile, "utf8") : "");
  await until(() => logOf(proxy).includes("trying again"), 20_000);
  expect(await isOnline()).toBe(false);
  writeFileSync(caFile, readFileSync(certificate));
  await until(isOnline, 30_000);

  const before = leaf();
  const instance = (await insight()).subscriptions?.at(-1)?.controlPlaneInstanceId;
  await first.end("SIGTERM");
  for (const name of ["kuma-cp.crt", "kuma-cp.key"]) rmSync(join(folder, "kuma", name));
  await startControlPlane();
  expect(leaf()).not.toBe(before);
  await until(async () => (await isOnline()) && (await insight()).subscriptions?.at(-1)?.controlPlaneInstanceId !== instance, 60_000);
  expect(proxy.child.exitCode).toBeNull();
  expect(logOf(proxy).match(/initializing epoch/g)).toHaveLength(1);
}, 150_000);
