// Our own fleet: each proxy is one TLS connection with one state-of-the-world stream that acknowledges everything, as xdsload's do.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, type ClientHttp2Stream } from "node:http2";
import { create, fromBinary, toBinary, type JsonObject } from "@bufbuild/protobuf";
import { ClusterSchema } from "../../gen/envoy/config/cluster/v3/cluster_pb.js";
import { DiscoveryRequestSchema, DiscoveryResponseSchema, type DiscoveryResponse } from "../../gen/envoy/service/discovery/v3/discovery_pb.js";
import { FrameReader, frameOf } from "../../src/grpc/index.ts";
import type { BenchControlPlane } from "../control-plane.ts";

const type = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster", endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener", secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
};

export interface FleetOptions {
  readonly proxies: number;
  readonly services: number;
  readonly outbounds: number;
  readonly changes: number;
}

export interface Pretended {
  /** True once everything that a response mentioned has arrived. */
  isComplete(): boolean;
  /** Listener responses received so far. */
  listeners(): number;
  /** Contents of secrets that came so far, each once. */
  secrets(): ReadonlySet<string>;
  close(): void;
}

export async function simulateFleet(controlPlane: BenchControlPlane, { proxies, services, outbounds, changes }: FleetOptions): Promise<void> {
  const ca = readFileSync(controlPlane.caFile);
  const before = controlPlane.usage();
  const started = performance.now();
  const fleet = Array.from({ length: proxies }, (_, index) => connectProxy(controlPlane.dpPort, ca, index, services, outbounds));
  await until(() => fleet.every((it) => it.isComplete()), 120_000);
  const connected = controlPlane.usage();
  console.log(`connect: ${proxies} complete in ${seconds(performance.now() - started)}; cpu ${(connected.cpuSeconds - before.cpuSeconds).toFixed(2)} s, rss ${Math.round(connected.residentMb)} MB`);
  await pause(3000);
  const idle = controlPlane.usage();
  await pause(10_000);
  console.log(`idle: ${((controlPlane.usage().cpuSeconds - idle.cpuSeconds) * 10).toFixed(1)} % of a core`);
  const times: number[] = [];
  const cpuBefore = controlPlane.usage().cpuSeconds;
  for (let change = 0; change < changes; change++) {
    const seen = fleet.map((it) => it.listeners());
    const at = performance.now();
    await controlPlane.put("/meshes/default/meshtimeouts/bench", {
      type: "MeshTimeout", mesh: "default", name: "bench", spec: { to: [{ targetRef: { kind: "Mesh" }, default: { http: { requestTimeout: `${10 + change}s` } } }] },
    });
    await until(() => fleet.every((it, index) => it.listeners() > (seen[index] ?? 0)), 60_000);
    times.push(performance.now() - at);
    await pause(1000);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const cpu = (controlPlane.usage().cpuSeconds - cpuBefore) / changes;
  console.log(`change to last proxy: p50 ${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} ms, max ${Math.round(sorted.at(-1) ?? 0)} ms; cpu ${cpu.toFixed(2)} s a change; rss ${Math.round(controlPlane.usage().residentMb)} MB`);
  for (const proxy of fleet) proxy.close();
}

export function connectProxy(port: number, ca: Buffer, index: number, services: number, outbounds: number): Pretended {
  const session = connect(`https://localhost:${port}`, { ca });
  session.on("error", (error) => console.log(`proxy ${index}: ${error.message}`));
  const stream = session.request({ ":method": "POST", ":path": "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources", "content-type": "application/grpc", te: "trailers" });
  const reader = new FrameReader(64 * 1024 * 1024);
  const names = new Map<string, readonly string[]>();
  const received = new Set<string>();
  const secrets = new Set<string>();
  let listeners = 0;
  const dataplane = {
    type: "Dataplane", mesh: "default", name: `sim-${index}`,
    networking: {
      address: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
      inbound: [{ port: 8080, tags: { "kuma.io/service": `svc-${index % services}`, "kuma.io/protocol": "http" } }],
      outbound: Array.from({ length: outbounds }, (_, at) => ({ port: 10080 + at, tags: { "kuma.io/service": `svc-${(index * 7 + at * 13) % services}` } })),
    },
  };
  const metadata: JsonObject = { "dataplane.resource": JSON.stringify(dataplane), "dataplane.proxyType": "dataplane", features: [] };
  const node = { id: `default.sim-${index}`, cluster: `svc-${index % services}`, metadata };
  send(stream, { node, typeUrl: type.cluster });
  send(stream, { typeUrl: type.listener });
  stream.on("data", (chunk: Buffer) => {
    for (const message of reader.read(chunk)) {
      const response = fromBinary(DiscoveryResponseSchema, message);
      received.add(response.typeUrl);
      if (response.typeUrl === type.listener) listeners++;
      if (response.typeUrl === type.secret) for (const { value } of response.resources) secrets.add(createHash("sha256").update(value).digest("base64"));
      send(stream, { typeUrl: response.typeUrl, responseNonce: response.nonce, versionInfo: response.versionInfo, resourceNames: [...(names.get(response.typeUrl) ?? [])] });
      if (response.typeUrl === type.cluster) subscribe(stream, response, names);
    }
  });
  stream.on("error", () => {});
  return { isComplete: () => received.has(type.cluster) && received.has(type.listener) && (!names.has(type.endpoints) || received.has(type.endpoints)) && (!names.has(type.secret) || received.has(type.secret)), listeners: () => listeners, secrets: () => secrets, close: () => session.destroy() };
}

function subscribe(stream: ClientHttp2Stream, response: DiscoveryResponse, names: Map<string, readonly string[]>): void {
  const clusters = response.resources.map((it) => fromBinary(ClusterSchema, it.value));
  const endpoints = clusters.filter((it) => it.edsClusterConfig).map((it) => it.name);
  const wantsSecrets = clusters.some((it) => it.transportSocket);
  for (const [typeUrl, wanted] of [[type.endpoints, endpoints], [type.secret, wantsSecrets ? ["identity_cert:secret:default", "mesh_ca:secret:default"] : []]] as const) {
    if (wanted.length === 0 || names.get(typeUrl)?.join() === wanted.join()) continue;
    names.set(typeUrl, wanted);
    send(stream, { typeUrl, resourceNames: [...wanted] });
  }
}

const send = (stream: ClientHttp2Stream, request: Parameters<typeof create<typeof DiscoveryRequestSchema>>[1]): void =>
  void stream.write(frameOf([toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, request))]));

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

export async function until(isSo: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error("gave up waiting");
    await pause(5);
  }
}
