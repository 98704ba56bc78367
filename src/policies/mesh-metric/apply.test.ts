// What MeshMetric gives a proxy: listeners that lead to kuma-dp, and its document.
import { create, fromBinary } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { createPipeline, createSealer } from "#envoy";
import { ListenerSchema } from "#gen/envoy/config/listener/v3/listener_pb.js";
import { DataplaneSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { MeshSchema } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { Plan, ProxyTraits } from "#mesh";
import { meshMetricApply } from "./apply.ts";

const meshMtls: NonNullable<Plan["mtls"]> = { backend: "ca-1", isPermissive: false, asksReadiness: false, certificate: { from: "mesh" }, trustDomains: [] };

const traits: ProxyTraits = {
  features: new Set(), ipv6: true, transparentProxy: undefined, dnsPort: 0, readinessPort: 0, adminPort: 0, adminAddress: "", adminSocketPath: "", workdir: "/run/web",
};

function resourcesFor(conf: object | undefined, more: Partial<ProxyTraits> = {}, mtls?: Plan["mtls"], metrics: object = {}) {
  const dataplane = { name: "web-1", labels: {}, spec: create(DataplaneSchema, { networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: { "kuma.io/service": "web" } }] } }) };
  const plan = {
    proxy: { dataplane, traits: { ...traits, ...more } }, meshName: "default", zone: "east", view: { mesh: { name: "default", spec: create(MeshSchema, { metrics }) }, list: () => [] }, isUnified: false, mtls, dns: [], inbounds: [], outbounds: [], policies: new Map(),
    proxyConfs: new Map(conf ? [["MeshMetric", { value: conf }]] : []),
  } as unknown as Plan;
  const { clusters, listeners } = createPipeline([meshMetricApply], createSealer()).resourcesFor(plan, undefined);
  return { clusters, listeners: new Map(listeners.map((it) => [it.name, fromBinary(ListenerSchema, fromBinary(AnySchema, it.any).value)])) };
}

const prometheus = (more: object = {}) => ({ backends: [{ type: "Prometheus", prometheus: { port: 5670, path: "/metrics", ...more } }] });
const isSecured = (conf: object, more?: Partial<ProxyTraits>, mtls?: Plan["mtls"]) =>
  resourcesFor(conf, more, mtls).listeners.get("_kuma:metrics:prometheus:default-backend")?.filterChains.map((it) => it.transportSocket !== undefined);

test("every backend has a listener named after its client, all lead to one cluster", () => {
  const { clusters, listeners } = resourcesFor({ backends: [...prometheus().backends, ...prometheus({ clientId: "main", port: 5671 }).backends] });
  expect([...listeners.keys()]).toEqual(["_kuma:dynamicconfig", "_kuma:metrics:prometheus:default-backend", "_kuma:metrics:prometheus:main"]);
  expect(clusters.map((it) => it.name)).toEqual(["_kuma:metrics:hijacker"]);
});

test("a collector is reached over a socket of the proxy, by name or by address", () => {
  const { clusters, listeners } = resourcesFor({ backends: [{ type: "OpenTelemetry", openTelemetry: { endpoint: "otel.example:4317", refreshInterval: "90s" } }, { type: "OpenTelemetry", openTelemetry: { endpoint: "10.0.0.9" } }] });
  expect(clusters.map((it) => it.name)).toEqual(["_kuma:metrics:opentelemetry:10.0.0.9", "_kuma:metrics:opentelemetry:otel.example-4317"]);
  expect([...listeners.keys()]).toEqual(["_kuma:dynamicconfig", "_kuma:metrics:opentelemetry:10.0.0.9", "_kuma:metrics:opentelemetry:otel.example-4317"]);
  expect(listeners.get("_kuma:metrics:opentelemetry:10.0.0.9")?.address?.address.value).toMatchObject({ path: "/run/web/kuma-otel-10.0.0.9.sock" });
});

test("without a backend there is neither listener nor document", () => {
  expect(resourcesFor({ applications: [{ path: "/m", port: 1 }] }).listeners.size).toBe(0);
});

test("provided TLS uses the files of the proxy; without files nothing is served in their place", () => {
  const conf = prometheus({ tls: { mode: "ProvidedTLS" } });
  expect(isSecured(conf, { metricsTls: { certPath: "/c", keyPath: "/k" } })).toEqual([true]);
  expect(isSecured(conf)).toBeUndefined();
});

test("the mesh's own TLS is spoken when it is asked for and the mesh has it", () => {
  const conf = prometheus({ tls: { mode: "ActiveMTLSBackend" } });
  expect(isSecured(conf, {}, meshMtls)).toEqual([true]);
  expect(isSecured(conf)).toEqual([false]);
});

const ofMesh = { enabledBackend: "p", backends: [{ name: "p", type: "prometheus", conf: { envoy: { usedOnly: true } } }] };

test("settings of the Mesh hold where no MeshMetric selects the proxy", () => {
  expect([...resourcesFor(undefined, {}, undefined, ofMesh).listeners.keys()]).toEqual(["kuma:metrics:prometheus"]);
  expect([...resourcesFor(prometheus(), {}, undefined, ofMesh).listeners.keys()]).not.toContain("kuma:metrics:prometheus");
});

test("settings of the Mesh speak the mesh's own TLS, save with the proxy's own address", () => {
  const listener = resourcesFor(undefined, {}, meshMtls, ofMesh).listeners.get("kuma:metrics:prometheus");
  expect(listener?.filterChains.map((it) => [it.filterChainMatch?.sourcePrefixRanges[0]?.addressPrefix, it.transportSocket !== undefined])).toEqual([["10.0.0.1", false], [undefined, true]]);
});
