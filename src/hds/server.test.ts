// A health stream from its first request to its end.
import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { NodeSchema } from "#gen/envoy/config/core/v3/base_pb.js";
import { HealthStatus } from "#gen/envoy/config/core/v3/health_check_pb.js";
import { HealthCheckRequestOrEndpointHealthResponseSchema as RequestSchema, HealthCheckSpecifierSchema } from "#gen/envoy/service/health/v3/hds_pb.js";
import { Dataplane_Networking_Inbound_State as State, DataplaneSchema, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { MeshSchema } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { GrpcCall } from "#grpc";
import { fakePlatform } from "#platform/fake";
import { kindsOf, unauthenticated, type Place, type Resource } from "#resources";
import { coreKinds } from "#resources/kinds";
import { memoryStore } from "#store";
import { openWriteDoor } from "#write";
import { hdsCalls, streamMethod } from "./server.ts";

const place: Place = { mode: "zone", zone: "default", federated: false, environment: "universal", systemNamespace: "kuma-system" };
const key = { type: "Dataplane", mesh: "m", name: "dp" };

async function settled() {
  for (let turn = 0; turn < 30; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

async function start() {
  const platform = fakePlatform();
  const store = memoryStore(platform);
  const door = openWriteDoor({ store, kinds: kindsOf(coreKinds), place, access: { check: () => {} }, isApiReadOnly: false, allowsAuthorityChange: true, unsafeDelete: true, certificateBackends: new Map(), isZoneOnline: () => false });
  const write = (resource: Omit<Resource, "labels" | "version" | "creationTime" | "modificationTime">) => door.writeResource({ is: "controller", name: "t" }, { ...resource, labels: {} });
  const put = (...ports: number[]) =>
    write({ ...key, spec: create(DataplaneSchema, { networking: { address: "192.0.2.1", inbound: ports.map((port) => ({ port, tags: { "kuma.io/service": "web" }, serviceProbe: { tcp: {} } })) } }) });
  await write({ type: "Mesh", mesh: "", name: "m", spec: create(MeshSchema) });
  await put(80);
  const seen = { left: 0, writes: 0 };
  const counting = { ...door, update: (...args: Parameters<typeof door.update>) => (seen.writes++, door.update(...args)) };
  const server = hdsCalls({
    store, platform, door: counting, adminPortOf: () => 0,
    settings: { intervalMs: 5000, defaults: { timeoutMs: 2000, intervalMs: 1000, noTrafficIntervalMs: 1000, healthyThreshold: 1, unhealthyThreshold: 1 } },
    async admit({ credential }) {
      if (credential !== "good") throw unauthenticated("who are you");
      return { dataplane: store.get(key) as Resource<Dataplane>, leave: () => void seen.left++ };
    },
  });
  const connect = (authorization: string) => {
    const sent: string[][] = [];
    const ends: [number, string][] = [];
    let onMessage: (bytes: Uint8Array) => void = () => {};
    let onClose = () => {};
    const call: GrpcCall = {
      path: streamMethod, headers: { authorization }, remoteAddress: "127.0.0.1",
      send: ([bytes]) => (sent.push(fromBinary(HealthCheckSpecifierSchema, bytes ?? new Uint8Array()).clusterHealthChecks.map((it) => it.clusterName)), true),
      onMessage: (handle) => (onMessage = handle), onDrain: () => {}, onClose: (handle) => (onClose = handle), end: (code, message) => void ends.push([code, message]),
    };
    server.calls.get(streamMethod)?.(call);
    const say = async (requestType: MessageInitShape<typeof RequestSchema>["requestType"]) => {
      onMessage(toBinary(RequestSchema, create(RequestSchema, requestType ? { requestType } : {})));
      await settled();
    };
    const report = (clusterName: string, healthStatus: HealthStatus) => say({ case: "endpointHealthResponse", value: { clusterEndpointsHealth: [{ clusterName, localityEndpointsHealth: [{ endpointsHealth: [{ healthStatus }] }] }] } });
    return { sent, ends, hello: () => say({ case: "healthCheckRequest", value: { node: create(NodeSchema, { id: "m.dp" }) } }), nameless: () => say({ case: "healthCheckRequest", value: {} }), report, close: () => onClose() };
  };
  const state = () => (store.get(key) as Resource<Dataplane>).spec.networking?.inbound[0]?.state;
  return { connect, put, seen, state };
}

test("an admitted stream is told its checks, and again when they change", async () => {
  const { connect, put } = await start();
  const stream = connect("good");
  await stream.hello();
  await put(80, 81);
  await settled();
  expect(stream.sent).toEqual([["localhost:80"], ["localhost:80", "localhost:81"]]);
});
test("results change the inbound's state once, and do not send the checks again", async () => {
  const { connect, seen, state } = await start();
  const stream = connect("good");
  await stream.hello();
  expect(state()).toBe(State.NotReady);
  await stream.report("localhost:80", HealthStatus.HEALTHY);
  await stream.report("localhost:80", HealthStatus.HEALTHY);
  expect([state(), seen.writes, stream.sent.length]).toEqual([State.Ready, 1, 1]);
  await stream.report("localhost:80", HealthStatus.UNHEALTHY);
  expect([state(), seen.writes]).toEqual([State.NotReady, 2]);
});
test("a stream without a good credential, or without a node, ends", async () => {
  const { connect, seen } = await start();
  const bad = connect("bad");
  await bad.hello();
  await bad.report("localhost:80", HealthStatus.HEALTHY);
  const nameless = connect("good");
  await nameless.nameless();
  expect([bad.ends, nameless.ends[0]?.[0], bad.sent, seen.writes]).toEqual([[[16, "who are you"]], 3, [], 0]);
});
test("who leaves is forgotten", async () => {
  const { connect, put, seen } = await start();
  const stream = connect("good");
  await stream.hello();
  stream.close();
  await put(80, 81);
  await settled();
  expect([seen.left, stream.sent.length]).toEqual([1, 1]);
});
