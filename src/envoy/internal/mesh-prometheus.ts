// Metrics as the Mesh's own settings ask for them: one listener that leads to kuma-dp (spec/dataplane.md 5.9). A MeshMetric takes their place.
import { create } from "@bufbuild/protobuf";
import { FilterChainMatchSchema } from "#gen/envoy/config/listener/v3/listener_components_pb.js";
import { RouteSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { DownstreamTlsContextSchema, type DownstreamTlsContext } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import { feature, meshMetrics, type MeshMetrics, type Plan } from "#mesh";
import { staticCluster } from "../draft/cluster.ts";
import { loopbackCidrs, openHttp } from "../draft/http.ts";
import { chain, openListener, type ChainDraft } from "../draft/listener.ts";
import { inboundTls } from "../mesh-tls.ts";
import { socketPath, system } from "../names.ts";
import type { ProxyDrafts } from "../policy.ts";

/** Undefined when the mesh has no such settings, or the proxy not what they need. */
export function meshPrometheus(plan: Plan): Pick<ProxyDrafts, "clusters" | "listeners"> | undefined {
  const { traits, dataplane } = plan.proxy;
  const conf = meshMetrics(plan.view.mesh, dataplane);
  if (!conf || !traits.workdir) return undefined;
  const { listener: name, cluster } = system.meshPrometheus;
  const address = dataplane.spec.networking?.address ?? "";
  const listener = openListener({ name, address, port: conf.port, direction: "inbound", isUnified: false, reusePort: traits.features.has(feature.reusePort), bindToPort: true, tags: {} });
  const plain = (): ChainDraft => {
    const http = openHttp({ statPrefix: name, protocol: "http", routeConfigName: "", virtualHost: name, internalCidrs: loopbackCidrs, ipv6: traits.ipv6 });
    http.routes.push({
      plan: undefined,
      message: create(RouteSchema, {
        match: { pathSpecifier: { case: "prefix", value: conf.path } },
        action: { case: "route", value: { clusterSpecifier: { case: "cluster", value: cluster }, prefixRewrite: rewriteOf(conf) } },
      }),
    });
    return chain({ terminal: { is: "http", http } });
  };
  if (conf.tls === "activeMTLSBackend" && plan.mtls) {
    // The proxy's own machine may ask in the clear: its Prometheus agent has no certificate.
    const own = plain();
    own.match = create(FilterChainMatchSchema, { sourcePrefixRanges: [{ addressPrefix: address, prefixLen: address.includes(":") ? 128 : 32 }] });
    listener.chains.push(own, { ...plain(), tls: inboundTls(plan) });
  } else if (conf.tls === "providedTLS") {
    if (!traits.metricsTls) return undefined;
    listener.chains.push({ ...plain(), tls: fileTls(traits.metricsTls) });
  } else {
    listener.chains.push(plain());
  }
  return { clusters: [staticCluster(cluster, "tcp", [{ pipe: socketPath(traits.workdir, `kuma-mh-${dataplane.name}-${plan.meshName}`) }])], listeners: [listener] };
}

/** What Envoy's statistics page is asked. */
function rewriteOf({ filter, usedOnly }: MeshMetrics): string {
  const query = [...(filter ? [`filter=${encodeURIComponent(filter)}`] : []), ...(usedOnly ? ["usedonly"] : [])];
  return query.length > 0 ? `/?${query.join("&")}` : "/";
}

/** A certificate of the proxy's operator, in files beside it. */
export function fileTls({ certPath, keyPath }: { readonly certPath: string; readonly keyPath: string }): DownstreamTlsContext {
  const file = (filename: string) => ({ specifier: { case: "filename" as const, value: filename } });
  return create(DownstreamTlsContextSchema, { commonTlsContext: { tlsCertificates: [{ certificateChain: file(certPath), privateKey: file(keyPath) }] } });
}
