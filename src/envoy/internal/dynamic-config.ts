// Documents for kuma-dp on a Unix socket of Envoy's: one listener, one path per document (spec/dataplane.md 5.8).
import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { RouteSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { feature, type ProxyTraits } from "#mesh";
import { loopbackCidrs, openHttp } from "../draft/http.ts";
import { chain, pipeListener, sealListener } from "../draft/listener.ts";
import { sanitised, socketPath, system } from "../names.ts";
import type { ResourceGroup } from "../outbound.ts";
import type { Anchors, PipelineParts } from "../pipeline.ts";
import type { DynamicDocument } from "../policy.ts";

/** Documents that kuma-dp fetches over a socket of Envoy's; an unchanged one is answered with 304. */
export function dynamicConfigResources({ traits, isUnified }: { readonly traits: ProxyTraits; readonly isUnified: boolean }, unordered: readonly DynamicDocument[], { sealer }: PipelineParts): ResourceGroup {
  const documents = unordered.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  if (documents.length === 0 || !traits.workdir) return { clusters: [], listeners: [] };
  const name = system.dynamicConfig[isUnified ? "unified" : "legacy"];
  const socket = socketPath(traits.workdir, "kuma-mesh-metric-config");
  const { ipv6 } = traits;
  const listener = sealer.keyed(`dynamic ${name} ${socket} ${ipv6} ${JSON.stringify(documents)}`, () => {
    const draft = pipeListener(name, socket);
    if (isUnified) draft.message.statPrefix = sanitised(name);
    const http = openHttp({ statPrefix: name, protocol: "http", routeConfigName: name, virtualHost: name, internalCidrs: loopbackCidrs, ipv6 });
    // A listener of our own: nobody refers to its routes by name, and nothing is proxied.
    http.routeConfig.name = "";
    delete http.routeConfig.validateClusters;
    http.routeConfig.maxDirectResponseBodySizeBytes = Math.max(...documents.map((it) => Buffer.byteLength(it.body)));
    for (const document of documents) {
      const etag = createHash("sha256").update(document.body).digest("hex");
      const routeName = isUnified ? `${name}_${document.name}` : `${name}:${document.path}`;
      const match = { pathSpecifier: { case: "path" as const, value: document.path } };
      const unchanged = { ...match, headers: [{ name: "If-None-Match", headerMatchSpecifier: { case: "stringMatch" as const, value: { matchPattern: { case: "exact" as const, value: etag } } } }] };
      http.routes.push(
        { plan: undefined, message: create(RouteSchema, { name: isUnified ? `${routeName}_not_modified` : "", match: unchanged, action: { case: "directResponse", value: { status: 304 } } }) },
        {
          plan: undefined,
          message: create(RouteSchema, {
            name: routeName, match, responseHeadersToAdd: [{ header: { key: "Etag", value: etag } }],
            action: { case: "directResponse", value: { status: 200, body: { specifier: { case: "inlineString", value: document.body } } } },
          }),
        },
      );
    }
    draft.chains.push(chain({ terminal: { is: "http", http } }));
    return sealListener(draft, sealer);
  });
  return { clusters: [], listeners: [listener] };
}

/** What a kuma-dp should trust the control plane by, when it keeps that in a file. */
export const anchorsDocument = (traits: ProxyTraits, anchors: Anchors | undefined): DynamicDocument[] =>
  anchors && traits.features.has(feature.watchedCredentials) ? [{ path: "/anchors", name: "anchors", body: JSON.stringify(anchors) }] : [];
