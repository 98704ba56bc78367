// A worker that asks the API one request after another and keeps the longest: apart from the fleet, whose own work would delay it.
import { get, Agent } from "node:http";
import { parentPort, workerData } from "node:worker_threads";

const { api } = workerData as { readonly api: string };
const agent = new Agent({ keepAlive: true });
let [worst, calls] = [0, 0];

parentPort?.on("message", () => {
  parentPort?.postMessage({ worst, calls });
  [worst, calls] = [0, 0];
});

for (;;) {
  const at = performance.now();
  await new Promise<void>((resolve) => get(`${api}/meshes/default`, { agent }, (response) => response.resume().once("end", resolve)).once("error", () => resolve()));
  worst = Math.max(worst, performance.now() - at);
  calls++;
  await new Promise((resolve) => setTimeout(resolve, 2));
}
