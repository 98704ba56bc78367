// Envoy's admin interface behind mTLS: only the control plane gets past `/ready` (spec/dataplane.md 5.4, spec/security.md 10.5).
import { create } from "@bufbuild/protobuf";
import { FilterChainMatchSchema } from "#gen/envoy/config/listener/v3/listener_components_pb.js";
import { RouteSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { DownstreamTlsContextSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import { feature, type Plan, type ProxyTraits } from "#mesh";
import { sealCluster, staticCluster, type FixedEndpoint } from "../draft/cluster.ts";
import { loopbackCidrs, openHttp } from "../draft/http.ts";
import { chain, openListener, sealListener, type ChainDraft } from "../draft/listener.ts";
import { dnsExact } from "../draft/tls.ts";
import { system } from "../names.ts";
import type { ResourceGroup } from "../outbound.ts";
import type { AdminTls, PipelineParts } from "../pipeline.ts";
import type { Sealed } from "../seal.ts";

const nothing: ResourceGroup = { clusters: [], listeners: [] };

export const adminResources = ({ proxy }: Plan, tls: AdminTls | undefined, parts: PipelineParts): ResourceGroup =>
  adminResourcesAt({ traits: proxy.traits, address: proxy.dataplane.spec.networking?.address ?? "" }, tls, parts);

export interface AdminPlace {
  readonly traits: ProxyTraits;
  /** The proxy's own address. */
  readonly address: string;
}

/** The same for any proxy: a Dataplane's or a zone's. */
export function adminResourcesAt({ traits, address }: AdminPlace, tls: AdminTls | undefined, parts: PipelineParts): ResourceGroup {
  if (traits.adminPort === 0) return nothing;
  // These two are unified as soon as the proxy can do it, whatever services are in the mesh.
  const family = traits.features.has(feature.unifiedNaming) ? "unified" : "legacy";
  const adminName = system.admin[family];
  const readinessName = system.readiness[family];
  const loopback = traits.adminAddress === "::1" || traits.adminAddress === "::" ? "::1" : "127.0.0.1";
  const adminEndpoint: FixedEndpoint = traits.adminSocketPath ? { pipe: traits.adminSocketPath } : { address: loopback, port: traits.adminPort };
  const clusters = [
    fixedCluster(adminName, adminEndpoint, parts),
    fixedCluster(readinessName, { address: loopback, port: traits.readinessPort }, parts),
  ];
  if (!traits.adminSocketPath && address === loopback) return { clusters, listeners: [] };
  return { clusters, listeners: [adminListener({ traits, address }, adminName, readinessName, tls, parts)] };
}

function fixedCluster(name: string, endpoint: FixedEndpoint, { sealer, policies }: PipelineParts): Sealed {
  return sealer.keyed(`fixed ${name} ${JSON.stringify(endpoint)}`, () => {
    const draft = staticCluster(name, "tcp", [endpoint]);
    for (const policy of policies) policy.everyCluster?.(draft);
    return sealCluster(draft, sealer);
  });
}

function adminListener({ traits, address }: AdminPlace, adminName: string, readinessName: string, tls: AdminTls | undefined, { sealer, keys }: PipelineParts): Sealed {
  return sealer.keyed(`admin ${adminName} ${address} ${traits.adminPort} ${traits.features.has(feature.reusePort)} ${traits.ipv6} ${keys.idOf(tls)}`, () => {
    const listener = openListener({
      name: adminName, address, port: traits.adminPort, direction: "inbound", isUnified: false, reusePort: traits.features.has(feature.reusePort), bindToPort: true, tags: {},
    });
    listener.needsTlsInspector = true;
    const ready = route("/ready", readinessName);
    listener.chains.push(httpChain(adminName, traits.ipv6, [ready]));
    const secured = httpChain(adminName, traits.ipv6, [ready, route("/", adminName)]);
    secured.match = create(FilterChainMatchSchema, { transportProtocol: "tls" });
    const bytes = (pem: string) => ({ specifier: { case: "inlineBytes" as const, value: Buffer.from(pem) } });
    secured.tls = create(DownstreamTlsContextSchema, {
      requireClientCertificate: true,
      commonTlsContext: {
        tlsCertificates: [{ certificateChain: bytes(tls?.certPem ?? ""), privateKey: bytes(tls?.keyPem ?? "") }],
        validationContextType: { case: "validationContext", value: { trustedCa: bytes(tls?.caPem ?? ""), matchTypedSubjectAltNames: [dnsExact("kuma-cp")] } },
      },
    });
    listener.chains.push(secured);
    return sealListener(listener, sealer);
  });
}

function httpChain(name: string, ipv6: boolean, routes: readonly ReturnType<typeof route>[]): ChainDraft {
  const http = openHttp({ statPrefix: name, protocol: "http", routeConfigName: "", virtualHost: name, internalCidrs: loopbackCidrs, ipv6 });
  http.routes.push(...routes.map((message) => ({ message, plan: undefined })));
  return chain({ terminal: { is: "http", http } });
}

const route = (prefix: string, cluster: string) =>
  create(RouteSchema, {
    match: { pathSpecifier: { case: "prefix", value: prefix } },
    action: { case: "route", value: { clusterSpecifier: { case: "cluster", value: cluster }, prefixRewrite: prefix } },
  });
