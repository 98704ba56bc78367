// Zone ingress and egress with real Envoy: they authenticate with zone tokens, register, and can be looked at.
import { connect } from "node:net";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts } from "../../../demo/programs.ts";
import { pause, until } from "../../harness/control-plane.ts";
import { envoyPath } from "../../harness/peers.ts";
import { openPlace, type Place } from "./proxies.ts";

const envoy = envoyPath();
const withEnvoy = test.skipIf(envoy === undefined);
let place: Place;
let ports: readonly number[] = [];
const get = (path: string) => place.controlPlane.get(path);
const ingress = (name: string, port: number, more: object = {}) => ({ type: "ZoneIngress", name, networking: { address: "127.0.0.1", port, ...more } });
const egress = (name: string, port: number, more: object = {}) => ({ type: "ZoneEgress", name, networking: { address: "127.0.0.1", port, ...more } });
const online = async (path: string) => {
  const { status, text } = await get(path);
  if (status !== 200) return false;
  const { subscriptions } = JSON.parse(text) as { subscriptions?: { connectTime?: string; disconnectTime?: string }[] };
  return subscriptions?.at(-1)?.connectTime !== undefined && subscriptions.at(-1)?.disconnectTime === undefined;
};

beforeAll(async () => {
  if (!envoy) return;
  place = await openPlace();
  ports = await freePorts(6);
  const [ingressPort = 0, egressPort = 0, ingressAdmin = 0, egressAdmin = 0] = ports;
  const { controlPlane } = place;
  const token = await controlPlane.token("zone", { zone: "default", scope: ["ingress", "egress"] });
  place.startProxy({ resource: ingress("zi-1", ingressPort, { admin: { port: ingressAdmin } }), token, type: "ingress", envoy });
  place.startProxy({ resource: egress("ze-1", egressPort, { admin: { port: egressAdmin } }), token, type: "egress", envoy });
  await until(() => online("/zone-ingress-insights/zi-1"), 40_000);
  await until(() => online("/zoneegressinsights/ze-1"), 40_000);
});
afterAll(() => place?.stop());

withEnvoy("both are registered with their zone, and shown online (needs Envoy)", async () => {
  expect((await get("/zoneingresses/zi-1")).text).toContain('"kuma.io/zone": "default"');
  expect((await get("/zoneegresses/ze-1")).text).toContain('"kuma.io/zone": "default"');
  expect((await get("/zoneingresses/_overview")).text).toContain("zi-1");
});

withEnvoy("their Envoys can be asked for configuration (needs Envoy)", async () => {
  await until(async () => (await get("/zoneingresses/zi-1/xds")).text.includes("dynamic_listeners"), 20_000);
  await until(async () => (await get("/zoneegresses/ze-1/clusters")).status === 200, 20_000);
  expect((await get("/zoneegresses/ze-1/xds")).text).not.toContain("error_state");
  expect((await get("/zoneingresses/zi-1/xds")).text).not.toContain("error_state");
});

withEnvoy("their kuma-dp is told of the control plane's authorities (needs Envoy)", async () => {
  for (const path of ["/zoneingresses/zi-1/xds", "/zoneegresses/ze-1/xds"]) await until(async () => (await get(path)).text.includes('"/anchors"'), 20_000);
});

withEnvoy("an ingress without destinations says who it is (needs Envoy)", async () => {
  const said = await new Promise<string>((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: ports[0] ?? 0 }, () => socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
    socket.on("data", (bytes) => resolve(bytes.toString("utf8"))).on("error", reject);
  });
  expect(JSON.parse(said)).toEqual({ proxy: "zi-1", zone: "default" });
});

withEnvoy("a token without the scope opens no ingress (needs Envoy)", async () => {
  const token = await place.controlPlane.token("zone", { zone: "default", scope: ["egress"] });
  const program = place.startProxy({ resource: ingress("zi-2", ports[4] ?? 0), token, type: "ingress", envoy: envoy ?? "" });
  await Promise.race([program.ended, pause(15_000)]);
  expect(readFileSync(program.logFile, "utf8")).toContain("out of token's scope");
  expect((await get("/zoneingresses/zi-2")).status).toBe(404);
});

withEnvoy("a token of another zone opens no egress (needs Envoy)", async () => {
  const token = await place.controlPlane.token("zone", { zone: "elsewhere", scope: ["egress"] });
  const program = place.startProxy({ resource: egress("ze-2", ports[5] ?? 0), token, type: "egress", envoy: envoy ?? "" });
  await Promise.race([program.ended, pause(15_000)]);
  expect(readFileSync(program.logFile, "utf8")).toContain("different than in token: elsewhere");
  expect((await get("/zoneegresses/ze-2")).status).toBe(404);
});
