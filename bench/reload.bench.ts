// The general pair replaced again and again while proxies reconnect and users call: how many handshakes fail.
import { renameSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { connect } from "node:http2";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { reasonOf } from "#platform";
import { makeAdminAuthority, openSystemAuthority } from "../src/security/index.ts";
import { benchControlPlane } from "./control-plane.ts";
import { temporaryFolder } from "../test/harness/temporary-folder.ts";

export async function run(args: readonly string[]): Promise<void> {
  const swaps = Number(args[0] ?? 20);
  const folder = temporaryFolder("reload");
  const [certFile, keyFile] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  const authority = openSystemAuthority(await makeAdminAuthority(Date.now()));
  const write = async () => {
    const { certPem, keyPem, serial } = await authority.issueServer(["localhost", "127.0.0.1"], { now: Date.now(), lifetimeMs: 86_400_000 });
    for (const [path, text] of [[keyFile, keyPem], [certFile, certPem + authority.caPem]] as const) {
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    }
    return serial;
  };
  const seen = new Set<string>();
  await write();
  const running = await benchControlPlane({ KUMA_STORE_TYPE: "memory", KUMA_GENERAL_TLS_CERT_FILE: certFile, KUMA_GENERAL_TLS_KEY_FILE: keyFile });
  let hasEnded = false;
  const failures: string[] = [];
  let handshakes = 0;
  const apiCall = () =>
    new Promise<void>((resolve, reject) => {
      const call = request({ host: "127.0.0.1", port: running.httpsPort, path: "/", ca: authority.caPem, agent: false }, (response) => {
        seen.add((response.socket as TLSSocket).getPeerCertificate().serialNumber);
        response.resume().on("end", resolve).on("error", reject);
      });
      call.on("error", reject).end();
    });
  const adsCall = () =>
    new Promise<void>((resolve, reject) => {
      const session = connect(`https://127.0.0.1:${running.dpPort}`, { ca: authority.caPem });
      session.on("error", reject);
      session.once("connect", () => {
        const stream = session.request({ ":method": "POST", ":path": "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources", "content-type": "application/grpc", te: "trailers" });
        stream.on("error", () => {}).end();
        setTimeout(() => session.destroy(), 5);
        session.once("close", () => resolve());
      });
    });
  const keepCalling = async (call: () => Promise<void>) => {
    while (!hasEnded) {
      handshakes++;
      await call().catch((error: unknown) => void failures.push(reasonOf(error)));
    }
  };
  try {
    const load = [apiCall, apiCall, adsCall, adsCall].map(keepCalling);
    const latencies: number[] = [];
    for (let swap = 0; swap < swaps; swap++) {
      const serial = await write();
      const started = performance.now();
      while (!seen.has(serial) && performance.now() - started < 5000) await new Promise((resolve) => setTimeout(resolve, 2));
      latencies.push(performance.now() - started);
    }
    hasEnded = true;
    await Promise.all(load);
    const sorted = latencies.toSorted((a, b) => a - b);
    console.log(`${swaps} swaps of the general pair under ${handshakes} handshakes (API by HTTPS and ADS): ${failures.length} failed${failures.length > 0 ? ` (${[...new Set(failures)].join("; ")})` : ""}`);
    console.log(`from the file to the first handshake that shows it: p50 ${(sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(0)} ms, max ${(sorted.at(-1) ?? 0).toFixed(0)} ms; ${seen.size} certificates seen`);
    if (failures.length > 0) process.exitCode = 1;
  } finally {
    hasEnded = true;
    await running.stop();
  }
}
