// What dashboards made for Kuma ask of the control plane's metrics, by their names and labels.
import { afterAll, beforeAll, expect, test } from "vitest";
import { bringing, connectProxy, typeUrl, type TestProxy } from "../harness/ads.ts";
import { dataplaneResource, meshResource, startTestControlPlane, until, type TestControlPlane } from "../harness/control-plane.ts";

let cp: TestControlPlane;
let proxy: TestProxy;
/** Names with their labels, sorted, to values. */
async function scrape(): Promise<{ of(name: string, labels?: Readonly<Record<string, string>>): number | undefined; keys(): readonly string[] }> {
  const text = await (await fetch(`http://127.0.0.1:${cp.ports.diagnostics}/metrics`)).text();
  const keyOf = (name: string, labels: readonly string[]) => `${name} ${labels.toSorted().join(" ")}`;
  const values = new Map(text.split("\n").flatMap((line) => {
    const [, name = "", labels = "", value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return value === undefined ? [] : [[keyOf(name, labels.match(/\w+="[^"]*"/g) ?? []), Number(value)] as const];
  }));
  return { of: (name, labels = {}) => values.get(keyOf(name, Object.entries({ ...labels, zone: "default" }).map(([key, value]) => `${key}="${value}"`))), keys: () => [...values.keys()] };
}

beforeAll(async () => {
  cp = await startTestControlPlane();
  await cp.put("/meshes/default", meshResource("default", { mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } }));
  await cp.get("/meshes/default");
  await cp.get("/meshes/none");
  const token = await cp.token("dataplane", { mesh: "default", name: "web" });
  proxy = connectProxy(cp, { id: "default.web", token, metadata: bringing(dataplaneResource("web")) });
  proxy.subscribe(typeUrl.cluster);
  proxy.ack(await proxy.next());
  proxy.subscribe(typeUrl.listener);
  proxy.ack(await proxy.next());
});
afterAll(async () => {
  proxy.leave();
  await cp.stop();
});

test("what it is, what it stores, who is connected", async () => {
  const its = await scrape();
  expect(its.keys().find((it) => it.startsWith("cp_info "))).toMatch(/^cp_info build_date="[^"]+" cluster_id="[0-9a-f-]*" git_commit="[^"]+" git_tag="2\.14\.3" instance_id="[^"]+" product="Kuma" version="2\.14\.3" zone="default"$/);
  expect(its.of("leader")).toBe(1);
  expect(["Mesh", "Dataplane", "Zone"].map((resource_type) => its.of("resources_count", { resource_type, tenant: "" }))).toEqual([1, 1, 1]);
  expect([its.of("xds_streams_active"), its.of("hds_streams_active")]).toEqual([1, 0]);
});

test("requests to the API by route, and writes to the store by type", async () => {
  const its = await scrape();
  const labels = (code: number) => ({ method: "GET", handler: "/meshes/{name}", code: String(code), service: "" });
  expect([200, 404].map((code) => its.of("api_server_http_request_duration_seconds_count", labels(code)))).toEqual([1, 1]);
  expect(its.of("api_server_http_response_size_bytes_count", labels(200))).toBe(1);
  expect(its.of("api_server_http_response_size_bytes_sum", labels(200))).toBeGreaterThan(100);
  expect(its.of("store_count", { operation: "create", resource_type: "Dataplane" })).toBe(1);
});

test("answers to proxies, acknowledgements and certificates", async () => {
  const type_url = typeUrl.cluster;
  const received = async (confirmation: string, error_type: string) => (await scrape()).of("xds_requests_received", { type_url, confirmation, error_type });
  await until(async () => ((await received("ACK", "no_error")) ?? 0) >= 1 && ((await scrape()).of("xds_delivery_count") ?? 0) >= 2);
  const its = await scrape();
  expect(its.of("xds_responses_sent", { type_url })).toBeGreaterThanOrEqual(1);
  expect(its.of("cert_generation", { mesh: "default" })).toBe(1);
  const ads = { grpc_type: "bidi_stream", grpc_service: "envoy.service.discovery.v3.AggregatedDiscoveryService", grpc_method: "StreamAggregatedResources" };
  expect(its.of("grpc_server_started_total", ads)).toBe(1);
  expect(its.of("grpc_server_msg_sent_total", ads)).toBeGreaterThanOrEqual(2);
  expect(its.of("grpc_server_msg_received_total", ads)).toBeGreaterThanOrEqual(4);
});

test("a change that is news to a proxy is told from one that is not, a refusal from an acknowledgement", async () => {
  const generated = async (result: string) => (await scrape()).of("xds_generation_count", { proxy_type: "dataplane", result }) ?? 0;
  const [changed, skipped] = [await generated("changed"), await generated("skip")];
  const permission = { type: "MeshTrafficPermission", mesh: "default", name: "p", spec: { targetRef: { kind: "Mesh" }, from: [{ targetRef: { kind: "Mesh" }, default: { action: "Allow" } }] } };
  expect((await cp.put("/meshes/default/meshtrafficpermissions/p", permission)).status).toBe(201);
  await until(async () => (await generated("changed")) > changed);
  // Whatever else was on its way comes first.
  let answer = await proxy.next();
  for (; answer.typeUrl !== typeUrl.listener; answer = await proxy.next()) proxy.ack(answer);
  proxy.nack(answer, "no");
  await until(async () => (await scrape()).of("xds_requests_received", { type_url: typeUrl.listener, confirmation: "NACK", error_type: "invalid_config" }) === 1);
  // What controllers write meanwhile can be news, and come in the same look: then once more.
  let writes = 0;
  await until(async () => {
    const data = Buffer.from(String(writes++)).toString("base64");
    expect((await cp.put("/meshes/default/secrets/s", { type: "Secret", mesh: "default", name: "s", data })).status).toBeLessThan(300);
    return (await generated("skip")) > skipped;
  });
});
