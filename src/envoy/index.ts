// From plans to Envoy: drafts, policies, sealed resources. Pure.
export { createPipeline, type AdminTls, type Pipeline, type ProxyResources, type SecretNames } from "./pipeline.ts";
export type { ZoneProxy } from "./internal/zone-proxy.ts";
export { createSealer, type Sealed, type Sealer } from "./seal.ts";
export type { EnvoyPolicy, InboundPlace, OutboundPlace } from "./policy.ts";
export { messageOf, pack, packNew, typed, typeUrlOf, type Typed } from "./any.ts";
export type { ClusterDraft } from "./draft/cluster.ts";
export type { ChainDraft, ListenerDraft } from "./draft/listener.ts";
export type { HttpDraft, RouteDraft } from "./draft/http.ts";
export { sanitised } from "./names.ts";
export { protoDuration } from "./duration.ts";
// names in certificates, which policies match on
export { spiffeId, tagUri } from "#security/names";
