// From plans to Envoy: drafts, policies, sealed resources. Pure.
export { createPipeline, type AdminTls, type Anchors, type Pipeline, type ProxyResources, type ProxySecrets } from "./pipeline.ts";
export type { Affinity, CalledCluster, Caller, Failover, Spread } from "./spread.ts";
export { envoyRegistry } from "./registry.ts";
export { nativeType, nativeViolations, typedNativeViolations } from "./native/check.ts";
export { readNative } from "./native/read.ts";
export { openResources, type OpenResources, type Patchable } from "./patch.ts";
export type { ZoneProxy } from "./internal/zone-proxy.ts";
export { commonTailOf, createSealer, type Sealed, type Sealer } from "./seal.ts";
export type { DynamicDocument, EnvoyPolicy, InboundPlace, OutboundPlace, ProxyDrafts } from "./policy.ts";
export { messageOf, pack, packNew, typed, typeUrlOf, type Typed } from "./any.ts";
export { addressCluster, originalDestinationCluster, speakHttp2, staticCluster, type ClusterDraft } from "./draft/cluster.ts";
export { addNetworkFilter, chain, openListener, pipeListener, tcpProxy, type ChainDraft, type ListenerDraft } from "./draft/listener.ts";
export { loopbackCidrs, openHttp, type HttpDraft, type RouteDraft } from "./draft/http.ts";
export { confsByCaller, routesByCaller } from "./by-caller.ts";
export { callerPredicate, type CallerPredicate } from "./caller-predicate.ts";
export { fractionOf } from "./fraction.ts";
export { fileTls } from "./internal/mesh-prometheus.ts";
export type { PassthroughPlace } from "./policy.ts";
export type { ProxyFacts } from "./facts.ts";
export { collectorCluster, collectorPlace, collectThrough, goJson, placeOf, systemWord, type CollectorConf, type CollectorPlace } from "./collectors.ts";
export { tlsSocket } from "./draft/tls.ts";
export { domainTrustSecret, inboundTls } from "./mesh-tls.ts";
export { bracketed, clusterName, sanitised, serviceClusterName, socketPath, system } from "./names.ts";
export { protoDuration } from "./duration.ts";
// names in certificates, which policies match on
export { spiffeId, tagUri } from "#security/names";
