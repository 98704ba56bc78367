// MeshTLS decides over the Mesh's mode and limits versions and ciphers at both ends.
import { expect, test } from "vitest";
import { create } from "@bufbuild/protobuf";
import { TlsParameters_TlsProtocol as Protocol } from "#gen/envoy/extensions/transport_sockets/tls/v3/common_pb.js";
import { ListenerSchema } from "#gen/envoy/config/listener/v3/listener_pb.js";
import { DownstreamTlsContextSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import type { ChainDraft } from "#envoy";
import type { InboundConf, PolicyResource } from "#mesh";
import { meshTlsApply } from "./apply.ts";
import type { TlsConf } from "./kind.ts";

const policy: PolicyResource = { type: "MeshTLS", mesh: "m", name: "p", labels: {}, spec: {}, creationTime: 0, modificationTime: 0, version: 1 };
const says = (conf: TlsConf): InboundConf => ({ rules: [{ match: undefined, conf, origin: { resource: policy, ruleIndex: 0 } }], fromRules: [] });

test.each([[{ mode: "Strict" as const }, "strict"], [{ mode: "Permissive" as const }, "permissive"], [{}, undefined]])("%j makes an inbound %s", (conf, mode) => {
  expect(meshTlsApply.inboundTlsMode?.(says(conf))).toBe(mode);
});

test("without a policy the Mesh decides", () => {
  expect(meshTlsApply.inboundTlsMode?.(undefined)).toBeUndefined();
});

function limits(conf: TlsConf) {
  const tls = create(DownstreamTlsContextSchema, { commonTlsContext: {} });
  const chain: ChainDraft = { match: undefined, name: "", tls, networkFilters: [], terminal: { is: "none" } };
  const inbound = { index: 0, address: "", port: 1, workloadAddress: "", workloadPort: 1, section: "1", protocol: "tcp" as const, tags: {}, service: "" };
  const listener = { message: create(ListenerSchema, {}), chains: [chain], needsTlsInspector: false };
  meshTlsApply.inboundTlsChain?.(chain, listener, says(conf), { inbound, mesh: "m", listenerName: "l", dataplaneKri: "", hasIdentity: false });
  return tls.commonTlsContext?.tlsParams;
}

test("versions and ciphers reach the listener", () => {
  expect(limits({ tlsVersion: { min: "TLS12", max: "TLS13" }, tlsCiphers: ["ECDHE-RSA-AES256-GCM-SHA384"] })).toMatchObject({
    tlsMinimumProtocolVersion: Protocol.TLSv1_2, tlsMaximumProtocolVersion: Protocol.TLSv1_3, cipherSuites: ["ECDHE-RSA-AES256-GCM-SHA384"],
  });
});

test("ciphers hold for an inbound without a version too", () => {
  expect(limits({ tlsCiphers: ["ECDHE-RSA-AES128-GCM-SHA256"] })).toMatchObject({ cipherSuites: ["ECDHE-RSA-AES128-GCM-SHA256"], tlsMinimumProtocolVersion: Protocol.TLS_AUTO });
});

test("a policy that limits nothing leaves Envoy's own limits", () => {
  expect(limits({ mode: "Strict" })).toBeUndefined();
});
