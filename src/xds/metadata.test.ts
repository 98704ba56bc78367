// What a proxy says of itself is taken where it makes sense, and counts as not said where it does not.
import { create, type JsonObject } from "@bufbuild/protobuf";
import { feature } from "#mesh";
import { expect, test } from "vitest";
import { NodeSchema } from "#gen/envoy/config/core/v3/base_pb.js";
import { parseNode } from "./metadata.ts";

const parse = (metadata: JsonObject) => parseNode(create(NodeSchema, { id: "default.web-1", metadata }));

test("all that a proxy may say", () => {
  const facts = parse({
    version: { kumaDp: { version: "2.14.3" }, envoy: { version: "1.40.0" } },
    features: [feature.transparentProxyInMetadata],
    workdir: "/tmp/dp",
    ipv6Enabled: false,
    "dataplane.resource": "{}",
    "dataplane.admin.port": "9901",
    "dataplane.admin.address": "127.0.0.1",
    "dataplane.admin.socketPath": "/tmp/dp/admin.sock",
    metricsCertPath: "/c",
    metricsKeyPath: "/k",
    "spireAgent.socketPath": "/spire.sock",
    "dataplane.dns.port": 15_053,
    "dataplane.readinessReporter.port": 9902,
    "dataplane.appProbeProxy.enabled": "true",
    "dataplane.proxyType": "egress",
    dynamicMetadata: { "version.dependencies.coredns": "1.8", other: "x" },
    transparentProxy: { ipFamilyMode: "ipv4", redirect: { inbound: { enabled: true, port: 15_006 }, outbound: { enabled: false, port: 15_001 } } },
  });
  expect(facts).toMatchObject({
    id: "default.web-1", mesh: "default", name: "web-1", proxyType: "egress", resourceText: "{}",
    version: { kumaDp: { version: "2.14.3" }, envoy: { version: "1.40.0" }, dependencies: { coredns: "1.8" } },
    traits: {
      ipv6: false, dnsPort: 15_053, readinessPort: 9902, adminPort: 9901, adminAddress: "127.0.0.1", adminSocketPath: "/tmp/dp/admin.sock", workdir: "/tmp/dp", answersProbes: true,
      metricsTls: { certPath: "/c", keyPath: "/k" }, spireSocketPath: "/spire.sock",
      transparentProxy: { inboundPort: 15_006, outboundPort: 15_001, outboundEnabled: false, dnsEnabled: true, ipFamilyMode: "ipv4" },
    },
  });
});

test("who says nothing is a proxy like most", () => {
  expect(parse({})).toMatchObject({
    proxyType: "dataplane", resourceText: undefined, version: { kumaDp: {}, envoy: {}, dependencies: {} },
    traits: { ipv6: true, dnsPort: 0, adminPort: 0, adminAddress: "", workdir: "", transparentProxy: undefined },
  });
  expect(parse({ features: [feature.transparentProxyInMetadata] }).traits.transparentProxy).toEqual({ inboundPort: 15_006, outboundPort: 15_001, outboundEnabled: true, dnsEnabled: false, ipFamilyMode: "dualstack" });
});

test.each<JsonObject>([
  { version: "2", features: "all", workdir: 5, "dataplane.admin.port": 70_000, "dataplane.dns.port": "many", "dataplane.proxyType": "king", dynamicMetadata: { "version.dependencies.a": 1 } },
  { version: null, features: [1], workdir: "w".repeat(5000), "dataplane.admin.port": -1, "dataplane.dns.port": 1.5, "dataplane.proxyType": null, dynamicMetadata: [] },
  { version: [], features: Array.from({ length: 201 }, () => "f"), workdir: {}, "dataplane.admin.port": {}, "dataplane.dns.port": [], "dataplane.proxyType": {}, dynamicMetadata: "x" },
])("what makes no sense counts as not said: %#", (metadata) => {
  const facts = parse(metadata);
  expect(facts).toMatchObject({ proxyType: "dataplane", version: { kumaDp: {}, envoy: {}, dependencies: {} }, traits: { workdir: "", adminPort: 0, dnsPort: 0 } });
  expect(facts.traits.features.size).toBe(0);
});

test("a resource that is no text is refused: without it the proxy would be another", () => {
  expect(() => parse({ "dataplane.resource": { type: "Dataplane" } })).toThrow("dataplane.resource: not a text");
  expect(() => parse({ "dataplane.resource": "x".repeat(4_000_001) })).toThrow("dataplane.resource: longer than");
});
