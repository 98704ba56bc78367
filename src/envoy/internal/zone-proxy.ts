// Zone ingress and egress without destinations: the admin listener, and an ingress that says who it is (spec/dataplane.md 5.11).
import { create } from "@bufbuild/protobuf";
import { ConfigSchema as DirectResponseSchema } from "#gen/envoy/extensions/filters/network/direct_response/v3/config_pb.js";
import { feature, type ProxyTraits } from "#mesh";
import { typed } from "../any.ts";
import { chain, openListener, sealListener } from "../draft/listener.ts";
import { bracketed } from "../names.ts";
import type { ResourceGroup } from "../outbound.ts";
import type { AdminTls, Anchors, PipelineParts } from "../pipeline.ts";
import type { Sealed } from "../seal.ts";
import { adminResourcesAt } from "./admin.ts";
import { anchorsDocument, dynamicConfigResources } from "./dynamic-config.ts";

export interface ZoneProxy {
  readonly type: "ingress" | "egress";
  readonly name: string;
  readonly zone: string;
  readonly address: string;
  readonly port: number;
  readonly traits: ProxyTraits;
}

export function zoneProxyResources(proxy: ZoneProxy, adminTls: AdminTls | undefined, anchors: Anchors | undefined, parts: PipelineParts): ResourceGroup {
  const { traits } = proxy;
  const admin = adminResourcesAt(proxy, adminTls, parts);
  const documents = dynamicConfigResources({ traits, isUnified: traits.features.has(feature.unifiedNaming) }, anchorsDocument(traits, anchors), parts);
  // An egress has a listener of its own only when there is something beyond it.
  const own = proxy.type === "ingress" && proxy.port > 0 ? [emptyIngress(proxy, parts)] : [];
  return { clusters: admin.clusters, listeners: [...admin.listeners, ...own, ...documents.listeners] };
}

function emptyIngress({ name, zone, address, port, traits }: ZoneProxy, { sealer }: PipelineParts): Sealed {
  const isUnified = traits.features.has(feature.unifiedNaming);
  const listener = openListener({
    name: isUnified ? `self_inbound_zi_${port}` : `inbound:${bracketed(address)}:${port}`, address, port, direction: "inbound", isUnified,
    reusePort: traits.features.has(feature.reusePort), bindToPort: true, tags: {},
  });
  listener.needsTlsInspector = true;
  const body = JSON.stringify({ proxy: name, zone });
  const answer = typed("envoy.filters.network.direct_response", DirectResponseSchema, create(DirectResponseSchema, { response: { specifier: { case: "inlineString", value: body } } }));
  listener.chains.push(chain({ networkFilters: [answer] }));
  return sealListener(listener, sealer);
}
