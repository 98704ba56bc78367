// The REST API under load: single reads, pages, durable writes, pages of inspection, a list of 100,000. KOGUMA_REFERENCE names a kuma-cp to measure beside ours.
import { readFileSync } from "node:fs";
import { benchControlPlane, type BenchControlPlane } from "./control-plane.ts";
import { connectProxy, until } from "./fleet/simulator.ts";
import { getRequest, putRequest, runLoad } from "./load.ts";

/** Arguments: seconds of each load (3), Dataplanes of the long list (100000; 0 leaves it out). */
export async function run(args: readonly string[]): Promise<void> {
  const seconds = Number(args[0] ?? 3);
  const long = Number(args[1] ?? 100_000);
  const reference = process.env.KOGUMA_REFERENCE;
  for (const [who, binary] of [["ours", undefined], ...(reference ? [["reference", reference] as const] : [])] as const) {
    console.log(`${who}:`);
    const start = () => benchControlPlane(binary ? { KUMA_STORE_TYPE: "memory", ...openDoor } : openDoor, binary);
    await measureInspection(start);
    await measureLoad(start, seconds);
    if (long > 0) await longList(() => benchControlPlane({ KUMA_STORE_TYPE: "memory", ...openDoor }, binary), long, binary === undefined);
  }
}

const openDoor = { KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE: "none" };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const dataplane = (name: string, index: number, outbounds = 10) => ({
  type: "Dataplane", mesh: "default", name,
  networking: {
    address: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
    inbound: [{ port: 8080, tags: { "kuma.io/service": `svc-${index % 100}`, "kuma.io/protocol": "http", version: "1" } }],
    outbound: Array.from({ length: outbounds }, (_, at) => ({ port: 10_080 + at, tags: { "kuma.io/service": `svc-${(index * 7 + at * 13) % 100}` } })),
  },
});

/** With 1,000 proxies connected. */
async function measureInspection(start: () => Promise<BenchControlPlane>): Promise<void> {
  const controlPlane = await start();
  try {
    await pause(1000);
    const fleet = Array.from({ length: 1000 }, (_, index) => connectProxy(controlPlane.dpPort, readFileSync(controlPlane.caFile), index, 100, 10));
    await until(() => fleet.every((it) => it.isComplete()), 120_000);
    await pause(2500);
    await times("_config of one proxy of 1,000", `${controlPlane.api}/meshes/default/dataplanes/sim-7/_config`);
    await times("_rules of one proxy of 1,000", `${controlPlane.api}/meshes/default/dataplanes/sim-7/_rules`);
    await times("overviews of all 1,000", `${controlPlane.api}/meshes/default/dataplanes/_overview?size=1000`);
    for (const proxy of fleet) proxy.close();
  } finally {
    await controlPlane.stop();
  }
}

/** With 1,000 Dataplanes stored. */
async function measureLoad(start: () => Promise<BenchControlPlane>, seconds: number): Promise<void> {
  const controlPlane = await start();
  const port = Number(new URL(controlPlane.api).port);
  const load = async (title: string, request: (index: number) => string, connections: number, status = [200, 201]) => {
    const cpu = controlPlane.usage().cpuSeconds;
    const it = await runLoad({ port, connections, seconds, request, status });
    console.log(`  ${title}: ${Math.round(it.perSecond)} a second (${it.megabytesPerSecond.toFixed(0)} MB/s), p50 ${it.p50Ms.toFixed(1)} ms, p99 ${it.p99Ms.toFixed(1)} ms; cpu ${((controlPlane.usage().cpuSeconds - cpu) / seconds).toFixed(2)} cores`);
  };
  try {
    await pause(1000);
    for (let index = 0; index < 1000; index++) await controlPlane.put(`/meshes/default/dataplanes/sim-${index}`, dataplane(`sim-${index}`, index));
    await pause(2000);
    await load("one Dataplane", () => getRequest("/meshes/default/dataplanes/sim-7"), 32);
    await load("each of 1,000 Dataplanes", (index) => getRequest(`/meshes/default/dataplanes/sim-${index % 1000}`), 32);
    await load("page of 100 Dataplanes", (index) => getRequest(`/meshes/default/dataplanes?size=100&offset=${(index % 10) * 100}`), 16);
    await load("PUT of a MeshTimeout", (index) => putRequest(`/meshes/default/meshtimeouts/b-${index}`, { type: "MeshTimeout", mesh: "default", name: `b-${index}`, spec: { to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: "1m" } }] } }), 32);
    await load("PUT of a Dataplane", (index) => putRequest(`/meshes/default/dataplanes/b-${index}`, dataplane(`b-${index}`, index)), 32);
  } finally {
    await controlPlane.stop();
  }
}

/** First and median of eleven reads: the first one finds nothing prepared. */
async function times(title: string, url: string): Promise<void> {
  const took: number[] = [];
  for (let round = 0; round < 11; round++) {
    const at = performance.now();
    const response = await fetch(url);
    if (!response.ok) return console.log(`  ${title}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
    took.push(performance.now() - at);
  }
  const sorted = took.toSorted((a, b) => a - b);
  console.log(`  ${title}: first ${(took[0] ?? 0).toFixed(1)} ms, median ${(sorted[5] ?? 0).toFixed(1)} ms`);
}

async function longList(start: () => Promise<BenchControlPlane>, count: number, hasLines: boolean): Promise<void> {
  const controlPlane = await start();
  const port = Number(new URL(controlPlane.api).port);
  try {
    await pause(1000);
    let written = 0;
    const writer = async () => {
      while (written < count) {
        const index = written++;
        await controlPlane.put(`/meshes/default/dataplanes/d-${index}`, dataplane(`d-${index}`, index, 0));
      }
    };
    await Promise.all(Array.from({ length: 32 }, writer));
    await pause(3000);
    const before = Math.round(controlPlane.usage().residentMb);
    const peak = watchPeak(controlPlane);
    const at = performance.now();
    let items = 0;
    if (hasLines) items = await readLines(`${controlPlane.api}/dataplanes`);
    else items = await readPages(controlPlane.api);
    console.log(`  ${items} Dataplanes listed ${hasLines ? "as lines" : "in pages of 1,000"} in ${((performance.now() - at) / 1000).toFixed(2)} s: rss ${before} MB before, ${peak()} MB at most`);
    if (hasLines) {
      const again = watchPeak(controlPlane);
      const pagesAt = performance.now();
      console.log(`  ${await readPages(controlPlane.api)} in pages of 1,000 in ${((performance.now() - pagesAt) / 1000).toFixed(2)} s: ${again()} MB at most`);
      const slow = watchPeak(controlPlane);
      await neverRead(port);
      console.log(`  ten readers that do not read: ${slow()} MB at most`);
    }
  } finally {
    await controlPlane.stop();
  }
}

function watchPeak(controlPlane: BenchControlPlane): () => number {
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, controlPlane.usage().residentMb)), 20);
  return () => {
    clearInterval(timer);
    return Math.round(Math.max(most, controlPlane.usage().residentMb));
  };
}

async function readLines(url: string): Promise<number> {
  const response = await fetch(url, { headers: { accept: "application/x-ndjson" } });
  let lines = 0;
  for await (const chunk of response.body ?? []) for (const byte of chunk) if (byte === 10) lines++;
  return lines;
}

async function readPages(api: string): Promise<number> {
  let items = 0;
  for (let url: string | null = `${api}/dataplanes?size=1000`; url; ) {
    const page = (await (await fetch(url)).json()) as { readonly items: readonly unknown[]; readonly next: string | null };
    items += page.items.length;
    url = page.next;
  }
  return items;
}

async function neverRead(port: number): Promise<void> {
  const { connect } = await import("node:net");
  const sockets = Array.from({ length: 10 }, () => connect(port, "127.0.0.1").pause());
  for (const socket of sockets) socket.write(getRequest("/dataplanes", "accept: application/x-ndjson\r\n"));
  await pause(3000);
  for (const socket of sockets) socket.destroy();
}
