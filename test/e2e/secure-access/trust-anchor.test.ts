// The control plane's trust anchor and a proxy's token change under a running Envoy: no restart, verification stays on.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { freePorts, startProgram, type Program } from "../../../demo/programs.ts";
import { dataplaneResource, until } from "../../harness/control-plane.ts";
import { envoyPath } from "../../harness/peers.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const envoy = envoyPath();
const folder = temporaryFolder("anchor");
const programs: Program[] = [];
afterAll(async () => {
  for (const program of programs.toReversed()) await program.end("SIGTERM");
});

test.skipIf(envoy === undefined)("Envoy follows the control plane to its next authority and shows a replaced token (needs Envoy)", async () => {
  const [http = 0, https = 0, dp = 0, diagnostics = 0, mads = 0] = await freePorts(5);
  const workDir = join(folder, "kuma");
  const env = {
    HOME: folder, KUMA_GENERAL_WORK_DIR: workDir, KUMA_API_SERVER_HTTP_PORT: String(http), KUMA_API_SERVER_HTTP_INTERFACE: "127.0.0.1", KUMA_API_SERVER_HTTPS_PORT: String(https),
    KUMA_API_SERVER_HTTPS_INTERFACE: "127.0.0.1", KUMA_DP_SERVER_PORT: String(dp), KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics), KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: String(mads),
  };
  const api = `http://127.0.0.1:${http}`;
  const startControlPlane = async () => {
    const program = startProgram("kuma-cp", ["run"], env, folder);
    programs.push(program);
    await until(() => fetch(`${api}/meshes/default`).then((it) => it.ok, () => false), 30_000);
    return program;
  };
  const post = (path: string, body: object) => fetch(api + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const newToken = async () => {
    let token = "";
    await until(async () => {
      const response = await post("/tokens/dataplane", { mesh: "default", name: "web", validFor: "1h" });
      token = await response.text();
      return response.ok;
    });
    return token;
  };
  const connections = async () => {
    const response = await fetch(`${api}/meshes/default/dataplane-insights/web`).catch(() => undefined);
    const { subscriptions = [] } = response?.ok ? ((await response.json()) as { subscriptions?: { disconnectTime?: string; controlPlaneInstanceId: string }[] }) : {};
    return subscriptions.filter((it) => it.disconnectTime === undefined).map((it) => it.controlPlaneInstanceId);
  };

  const first = await startControlPlane();
  const [caFile, tokenFile, dpDir] = [join(folder, "ca.crt"), join(folder, "web.token"), join(folder, "dp")];
  writeFileSync(caFile, readFileSync(join(workDir, "kuma-ca.crt")));
  const stolen = await newToken();
  writeFileSync(tokenFile, stolen);
  writeFileSync(join(folder, "web.json"), JSON.stringify(dataplaneResource("web")));
  const args = [
    "run", `--cp-address=https://localhost:${dp}`, `--ca-cert-file=${caFile}`, `--dataplane-file=${join(folder, "web.json")}`, `--dataplane-token-file=${tokenFile}`,
    `--binary-path=${envoy}`, `--work-dir=${dpDir}`, "--drain-time=1s", "--concurrency=1",
  ];
  const proxy = startProgram("kuma-dp", args, { HOME: folder }, folder, "kuma-dp-web");
  programs.push(proxy);
  await until(async () => (await connections()).length === 1, 30_000);
  expect(readFileSync(join(dpDir, "bootstrap.yaml"), "utf8")).not.toContain(stolen);

  // A new token is put in place, then the old one is revoked: its stream ends, the next shows the new one.
  writeFileSync(tokenFile, await newToken());
  const trusted = () => readFileSync(join(dpDir, "control-plane-trust.json"), "utf8").split("BEGIN CERTIFICATE").length - 1;
  await until(() => !readFileSync(join(dpDir, "control-plane-token.json"), "utf8").includes(stolen));
  const id = (JSON.parse(Buffer.from(stolen.split(".")[1] ?? "", "base64url").toString()) as { jti: string }).jti;
  const revoked = await fetch(`${api}/meshes/default/secrets/dataplane-token-revocations-default`, {
    method: "PUT", headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: "Secret", mesh: "default", name: "dataplane-token-revocations-default", data: Buffer.from(id).toString("base64") }),
  });
  expect(revoked.ok).toBe(true);
  const log = () => (existsSync(first.logFile) ? readFileSync(first.logFile, "utf8") : "");
  await until(() => log().includes("closing a stream whose credential is not good any more"));
  await until(async () => (await connections()).length === 1, 30_000);

  // The next authority is announced over the stream, then signs; without the bridge only who heard of it can follow.
  expect(trusted()).toBe(1);
  writeFileSync(join(workDir, "kuma-ca.next.key"), "");
  await until(() => trusted() === 2, 30_000);
  const [before] = await connections();
  await first.end("SIGTERM");
  renameSync(join(workDir, "kuma-ca.next.key"), join(workDir, "kuma-ca.key"));
  rmSync(join(workDir, "kuma-ca.bridge.crt"));
  await startControlPlane();
  await until(async () => (await connections()).some((it) => it !== before), 60_000);
  expect(proxy.child.exitCode).toBeNull();
  expect(readFileSync(proxy.logFile, "utf8").match(/initializing epoch/g)).toHaveLength(1);
}, 150_000);
