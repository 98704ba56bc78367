// Every proxy of a fleet gets a new leaf at once, as after a change of the mesh's authority: how long it takes, how long the API keeps others waiting meanwhile.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { benchControlPlane } from "../control-plane.ts";
import { connectProxy, until, type Pretended } from "./simulator.ts";

const mesh = (enabledBackend: string) => ({
  type: "Mesh", name: "default", mtls: { enabledBackend, backends: [{ name: "ca-1", type: "builtin" }, { name: "ca-2", type: "builtin" }] },
});

export async function renewalHerd(proxies: number): Promise<void> {
  const controlPlane = await benchControlPlane({ KUMA_STORE_TYPE: "memory", KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE: "none" });
  try {
    await controlPlane.put("/meshes/default", mesh("ca-1"));
    await pause(1000);
    const ca = readFileSync(controlPlane.caFile);
    const fleet: Pretended[] = [];
    while (fleet.length < proxies) {
      for (let more = Math.min(100, proxies - fleet.length); more > 0; more--) fleet.push(connectProxy(controlPlane.dpPort, ca, fleet.length, 100, 1));
      // A leaf and the trust bundle.
      await until(() => fleet.every((it) => it.isComplete() && it.secrets().size >= 2), 120_000);
    }
    await pause(5000);
    const before = fleet.map((it) => it.secrets().size);
    const prober = new Worker(new URL("./waits.ts", import.meta.url), { workerData: { api: controlPlane.api } });
    await pause(1000);
    await waitsOf(prober);
    await pause(3000);
    const quiet = await waitsOf(prober);
    const cpu = controlPlane.usage().cpuSeconds;
    const started = performance.now();
    await controlPlane.put("/meshes/default", mesh("ca-2"));
    // The bundle with both roots, then the leaf of the new authority.
    await until(() => fleet.every((it, at) => it.secrets().size >= (before[at] ?? 0) + 2), 120_000);
    const took = performance.now() - started;
    const { worst, calls } = await waitsOf(prober);
    await prober.terminate();
    console.log(`${proxies} proxies have leaves of another authority ${(took / 1000).toFixed(2)} s after the PUT, for ${(controlPlane.usage().cpuSeconds - cpu).toFixed(2)} CPU-s; the longest of ${calls} requests to the API meanwhile took ${worst.toFixed(0)} ms (${quiet.worst.toFixed(0)} ms in quiet)`);
    for (const proxy of fleet) proxy.close();
  } finally {
    await controlPlane.stop();
  }
}

interface Waits {
  readonly worst: number;
  readonly calls: number;
}

/** The longest request since the last time it was asked for. */
async function waitsOf(worker: Worker): Promise<Waits> {
  worker.postMessage("tell");
  const [waits] = (await once(worker, "message")) as [Waits];
  return waits;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
