// What is said of MeshServices, and how often it is written.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { DataplaneInsightSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import type { MeshServiceSpec, MeshServiceStatus } from "#resources/kinds";
import { fakeZone } from "./fake/zone.ts";
import { keepMeshServiceStatus, type MeshServiceStatusOptions } from "./mesh-service-status.ts";

function start(more: Partial<MeshServiceStatusOptions> = {}) {
  const zone = fakeZone();
  const stop = zone.run(keepMeshServiceStatus({ ...zone.parts, ...more }));
  const insight = (name: string, connected: boolean, issuedBackend = "") => {
    const key = { type: "DataplaneInsight", mesh: "m", name };
    const at = timestampFromMs(zone.platform.clock.now());
    const spec = create(DataplaneInsightSchema, { subscriptions: [{ id: "1", connectTime: at, ...(connected ? {} : { disconnectTime: at }) }], mTLS: { issuedBackend } });
    return zone.door.update({ is: "proxy", name }, key, () => ({ ...key, labels: {}, spec }));
  };
  const service = (name: string, spec: object) => zone.put("MeshService", "m", name, { spec });
  const seen = (name: string) => {
    const it = zone.get<MeshServiceSpec, MeshServiceStatus>("MeshService", "m", name);
    return { state: it?.spec.state, identities: it?.spec.identities?.map((id) => id.value), tls: it?.status?.tls.status, proxies: it?.status?.dataplaneProxies };
  };
  return { ...zone, stop, insight, service, seen };
}

const web = { selector: { dataplaneTags: { "kuma.io/service": "web" } }, ports: [{ port: 80, targetPort: 80 }] };
const mtls = { mtls: { enabledBackend: "ca", backends: [{ name: "ca", type: "builtin" }] } };

test("state, identities and counts follow the selected Dataplanes", async () => {
  const it = start();
  await it.mesh("m");
  await it.service("web", web);
  await it.pass();
  expect(it.seen("web")).toEqual({ state: "Unavailable", identities: undefined, tls: "NotReady", proxies: {} });
  await it.dataplane("m", "a", [{ port: 80, service: "web" }, { port: 90, service: "admin" }]);
  await it.dataplane("m", "b", [{ port: 80, service: "web", state: "NotReady" }]);
  await it.insight("a", true);
  await it.insight("b", false);
  await it.pass();
  await it.stop();
  expect(it.seen("web")).toEqual({ state: "Available", identities: ["admin", "web"], tls: "NotReady", proxies: { connected: 1, healthy: 1, total: 2 } });
});
test("a Dataplane is healthy when it serves every port by number or by name", async () => {
  const it = start();
  await it.mesh("m");
  await it.dataplane("m", "a", [{ port: 80, service: "web", name: "main" }, { port: 81, service: "web", state: "NotReady" }]);
  const ports = async (name: string, list: readonly object[]) => it.service(name, { ...web, ports: list });
  await ports("number", [{ port: 1, targetPort: 80 }]);
  await ports("name", [{ port: 1, targetPort: "main" }]);
  await ports("both", [{ port: 1, targetPort: 80 }, { port: 2, targetPort: 81 }]);
  await ports("untargeted", [{ port: 80 }]);
  await ports("none", []);
  await it.pass();
  await it.stop();
  expect(["number", "name", "both", "untargeted", "none"].map((name) => it.seen(name).proxies?.healthy)).toEqual([1, 1, undefined, undefined, 1]);
});
test("Dataplanes are selected by name, by labels (none: all of them), never without a selector", async () => {
  const it = start();
  await it.mesh("m");
  await it.dataplane("m", "a", [{ port: 80, service: "web" }], { team: "x" });
  await it.dataplane("m", "b", [{ port: 80, service: "web" }]);
  const selectors = { ref: { dataplaneRef: { name: "a" } }, labels: { dataplaneLabels: { matchLabels: { team: "x" } } }, all: { dataplaneLabels: {} }, tags: { dataplaneTags: {} }, nothing: {} };
  for (const [name, selector] of Object.entries(selectors)) await it.service(name, { selector });
  await it.pass();
  await it.stop();
  expect(Object.keys(selectors).map((name) => it.seen(name).proxies?.total)).toEqual([1, 1, 2, undefined, undefined]);
});
test("TLS is ready once every proxy has a certificate, and stays so until mTLS is off", async () => {
  const it = start();
  await it.mesh("m", "Everywhere", mtls);
  await it.service("web", web);
  await it.dataplane("m", "a", [{ port: 80, service: "web" }]);
  await it.dataplane("m", "b", [{ port: 80, service: "web" }]);
  await it.insight("a", true, "ca");
  await it.pass();
  expect(it.seen("web").tls).toBe("NotReady");
  await it.insight("b", true, "ca");
  await it.pass();
  expect(it.seen("web").tls).toBe("Ready");
  await it.dataplane("m", "c", [{ port: 80, service: "web" }]);
  await it.pass();
  expect(it.seen("web").tls).toBe("Ready");
  await it.mesh("m");
  await it.pass();
  await it.stop();
  expect(it.seen("web").tls).toBe("NotReady");
});
test("with identities alone TLS is ready when every proxy's is trusted", async () => {
  const trusted = new Set(["a"]);
  const it = start({ identityOf: ({ name }) => ({ spiffeId: `spiffe://m/${name}`, isTrusted: trusted.has(name) }) });
  await it.mesh("m");
  await it.put("MeshIdentity", "m", "id", { spec: { selector: { dataplane: {} }, provider: { type: "Bundled", bundled: { autogenerate: { enabled: true }, insecureAllowSelfSigned: true } } } });
  await it.service("web", web);
  await it.dataplane("m", "a", [{ port: 80, service: "web" }]);
  await it.pass();
  expect(it.seen("web")).toMatchObject({ tls: "Ready", identities: ["web", "spiffe://m/a"] });
  await it.service("late", { ...web, selector: { dataplaneLabels: {} } });
  await it.dataplane("m", "b", [{ port: 80, service: "web" }]);
  await it.pass();
  await it.stop();
  expect([it.seen("late").tls, it.seen("web").tls]).toEqual(["NotReady", "Ready"]);
});
test("what others wrote into the status stays", async () => {
  const it = start();
  await it.mesh("m");
  const key = { type: "MeshService", mesh: "m", name: "web" };
  await it.door.writeResource({ is: "controller", name: "t" }, { ...key, labels: {}, spec: { state: "Available", ...web }, status: { vips: [{ ip: "241.0.0.0" }] } });
  await it.pass();
  await it.stop();
  expect(it.get("MeshService", "m", "web")?.status).toEqual({ vips: [{ ip: "241.0.0.0" }], tls: { status: "NotReady" }, dataplaneProxies: {} });
});
test("services of other zones are left alone", async () => {
  const it = start();
  await it.mesh("m");
  await it.door.writeResource({ is: "peer", zone: "global" }, { type: "MeshService", mesh: "m", name: "far", labels: { "kuma.io/origin": "global" }, spec: { state: "Available", ...web } });
  await it.pass();
  await it.stop();
  expect(it.seen("far").proxies).toBeUndefined();
});
test("a storm of connections writes each service a few times, their counters not at all", async () => {
  const it = start();
  await it.mesh("m");
  await it.service("web", web);
  for (let at = 0; at < 50; at++) await it.dataplane("m", `dp-${at}`, [{ port: 80, service: "web" }]);
  await it.pass();
  it.counts.writes = 0;
  for (let at = 0; at < 50; at++) await it.insight(`dp-${at}`, true);
  await it.pass();
  expect(it.counts.writes - 50).toBe(1);
  await it.insight("dp-0", true);
  await it.pass();
  await it.stop();
  expect([it.counts.writes - 51, it.seen("web").proxies?.connected]).toEqual([1, 50]);
});
