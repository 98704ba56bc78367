// Where MeshTrace sends spans and what it says in them.
import { create, fromBinary, toJson } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { chain, openHttp, openListener, type OutboundPlace, type ProxyDrafts } from "#envoy";
import { DatadogConfigSchema } from "#gen/envoy/config/trace/v3/datadog_pb.js";
import { ZipkinConfigSchema } from "#gen/envoy/config/trace/v3/zipkin_pb.js";
import { DataplaneSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { feature, type Plan } from "#mesh";
import { meshTraceApply } from "./apply.ts";
import type { TraceConf } from "./kind.ts";

function traced(conf: TraceConf, labels = {}) {
  const dataplane = { name: "web-1", labels, spec: create(DataplaneSchema, { networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: { "kuma.io/service": "web" } }] } }) };
  const plan = { proxy: { dataplane, traits: { features: new Set(), workdir: "/run" } }, view: { list: () => [] }, meshName: "default", zone: "east", isUnified: false, proxyConfs: new Map([["MeshTrace", { value: conf }]]) } as unknown as Plan;
  const facts = meshTraceApply.facts?.(plan);
  const listener = openListener({ name: "out", address: "1.1.1.1", port: 1, direction: "outbound", isUnified: false, reusePort: false, bindToPort: true, tags: {} });
  const http = openHttp({ statPrefix: "a", protocol: "http", routeConfigName: "a", virtualHost: "a", internalCidrs: [], ipv6: false });
  listener.chains.push(chain({ terminal: { is: "http", http } }));
  const drafts: ProxyDrafts = { clusters: [], listeners: [], documents: [], collectors: new Map() };
  if (facts) {
    const place = { target: { destination: { is: "service", service: "api", tags: {} } }, mesh: "default", callerTags: "", facts: new Map([["MeshTrace", facts]]) } as unknown as OutboundPlace;
    meshTraceApply.outboundListener?.(listener, undefined, place);
    meshTraceApply.besides?.(facts, plan, drafts);
  }
  const { tracing } = http.message;
  return { tracing, tags: tracing?.customTags.map((it) => [it.tag, it.type.value && "value" in it.type.value ? it.type.value.value : undefined]), drafts, provider: tracing?.provider?.configType.value?.value ?? new Uint8Array() };
}

const zipkin = (url: string): TraceConf => ({ backends: [{ type: "Zipkin", zipkin: { url, traceId128bit: false, apiVersion: "httpJson", sharedSpanContext: true } }] });

test("spans go to the path and host of the URL", () => {
  const { provider, drafts } = traced(zipkin("http://zipkin.example:9411/api/v2/spans?a=b"));
  expect(toJson(ZipkinConfigSchema, fromBinary(ZipkinConfigSchema, provider))).toMatchObject({ collectorEndpoint: "/api/v2/spans", collectorHostname: "zipkin.example:9411", collectorCluster: "meshtrace:zipkin" });
  expect(drafts.clusters.map((it) => it.message.name)).toEqual(["meshtrace:zipkin"]);
});

test("a tag of the user takes the place of ours", () => {
  expect(traced({ ...zipkin("http://z:1"), tags: [{ name: "kuma.zone", literal: "mine" }] }, { "kuma.io/workload": "w" }).tags).toEqual([["kuma.zone", "mine"], ["kuma.mesh", "default"], ["kuma.workload", "kri_wl_default_east__w_"]]);
});

test("a split service is named by direction and destination", () => {
  const { provider } = traced({ backends: [{ type: "Datadog", datadog: { url: "http://d:8126", splitService: true } }] });
  expect(fromBinary(DatadogConfigSchema, provider).serviceName).toBe("web_OUTBOUND_api");
});

test("a reference to no collector traces and reports nothing; no backend does not trace", () => {
  const { tracing, drafts } = traced({ backends: [{ type: "OpenTelemetry", openTelemetry: { endpoint: "", backendRef: { kind: "MeshOpenTelemetryBackend", labels: { a: "b" } } } }], sampling: { overall: "12.5" } });
  expect([tracing?.overallSampling?.value, tracing?.provider, drafts.clusters.length]).toEqual([12.5, undefined, 0]);
  expect(traced({ backends: [] }).tracing).toBeUndefined();
});

test("a collector that has moved, or that kuma-dp is in front of, makes other facts", () => {
  const conf: TraceConf = { backends: [{ type: "OpenTelemetry", openTelemetry: { endpoint: "", backendRef: { kind: "MeshOpenTelemetryBackend", labels: { a: "b" } } } }] };
  const dataplane = { name: "web-1", labels: {}, spec: create(DataplaneSchema, { networking: { address: "10.0.0.1" } }) };
  const keyOf = (address: string, features: readonly string[] = []) => {
    const backend = { type: "MeshOpenTelemetryBackend", name: "otel", labels: { a: "b" }, spec: { endpoint: { address, port: 4317 } }, creationTime: 0 };
    const plan = { proxy: { dataplane, traits: { features: new Set(features), workdir: "/run" } }, view: { list: () => [backend] }, meshName: "default", zone: "east", isUnified: false, proxyConfs: new Map([["MeshTrace", { value: conf }]]) };
    return meshTraceApply.facts?.(plan as unknown as Plan)?.key;
  };
  expect(keyOf("1.1.1.1")).toBe(keyOf("1.1.1.1"));
  expect(keyOf("1.1.1.1")).not.toBe(keyOf("2.2.2.2"));
  expect(keyOf("1.1.1.1")).not.toBe(keyOf("1.1.1.1", [feature.otelViaDp]));
});
