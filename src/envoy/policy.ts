// What a policy does to Envoy: it is called at each draft with its conf for that place, and never searches.
import type { Inbound, InboundConf, OutboundConf, Plan, ProxyConf, TargetPlan } from "#mesh";
import type { ClusterDraft } from "./draft/cluster.ts";
import type { ChainDraft, ListenerDraft } from "./draft/listener.ts";
import type { RouteDraft } from "./draft/http.ts";
import type { ProxyFacts } from "./facts.ts";
import type { CollectorDraft } from "./collectors.ts";
import type { OpenResources } from "./patch.ts";
import type { Caller, Spread } from "./spread.ts";

/** Facts of a place that drafts need and that are the same for all proxies of one class. */
export interface OutboundPlace {
  readonly target: TargetPlan;
  readonly mesh: string;
  /** The caller's tags as a header says them; empty unless a policy of a kind with `namesCaller` selects the proxy. */
  readonly callerTags: string;
  readonly facts?: ReadonlyMap<string, ProxyFacts>;
}

export interface InboundPlace {
  readonly inbound: Inbound;
  readonly mesh: string;
  readonly listenerName: string;
  readonly dataplaneKri: string;
  /** The proxy's certificate comes by a MeshIdentity: callers are known by SPIFFE ids alone. */
  readonly hasIdentity: boolean;
  readonly facts?: ReadonlyMap<string, ProxyFacts>;
}

/** Where connections end that a transparent proxy has no listener for. */
export interface PassthroughPlace {
  readonly family: "ipv4" | "ipv6";
  readonly internalCidrs: readonly string[];
  readonly ipv6: boolean;
  /** Conf of a kind with a single one for the whole proxy. */
  readonly proxyConf: ProxyConf | undefined;
  readonly facts?: ReadonlyMap<string, ProxyFacts>;
}

/** What kuma-dp is told over Envoy's socket. */
export interface DynamicDocument {
  /** Begins with `/`. */
  readonly path: string;
  readonly name: string;
  readonly body: string;
}

/** What a policy gives the proxy beyond its inbounds and outbounds. */
export interface ProxyDrafts {
  readonly clusters: ClusterDraft[];
  readonly listeners: ListenerDraft[];
  readonly documents: DynamicDocument[];
  /** Collectors that kuma-dp brings telemetry to, by name. */
  readonly collectors: Map<string, CollectorDraft>;
}

/**
 * One policy's part of the pipeline. Every function is optional and is also called when no policy of the kind says
 * anything (`conf` undefined), because some kinds have defaults of their own (spec/dataplane.md 0.7).
 */
export interface EnvoyPolicy {
  readonly kind: string;
  /** What it makes of clusters depends on the caller's tags: proxies with other tags share none with it. */
  readonly namesCaller?: boolean;
  /** While the mesh has a policy of the kind, every HTTP request says who calls (`x-kuma-tags`): proxies with other tags share no outbound listener with it. */
  readonly readsCaller?: boolean;
  /** What its listeners say of the proxy itself; called when a policy of the kind selects the proxy. */
  facts?(plan: Plan): ProxyFacts | undefined;
  /** Every cluster of the proxy, whatever it is for. */
  everyCluster?(draft: ClusterDraft): void;
  outboundCluster?(draft: ClusterDraft, conf: OutboundConf | undefined, place: OutboundPlace): void;
  outboundListener?(draft: ListenerDraft, conf: OutboundConf | undefined, place: OutboundPlace): void;
  /** `conf` is the one for the route itself when a policy targets it, else that of the destination. */
  outboundRoute?(draft: RouteDraft, conf: OutboundConf | undefined, place: OutboundPlace): void;
  /** What of a conf the two functions above read, as plain data; all of it when absent. */
  readonly listenerPart?: (conf: OutboundConf) => unknown;
  /** How calls are spread over a destination's instances, wherever they are; the caller's tags that are asked for decide who shares endpoints. */
  spread?(conf: OutboundConf, caller: Caller): Spread;
  inboundCluster?(draft: ClusterDraft, conf: InboundConf | undefined, place: InboundPlace): void;
  inboundListener?(draft: ListenerDraft, conf: InboundConf | undefined, place: InboundPlace): void;
  /** A filter chain of an inbound listener on which mesh mTLS ends. */
  inboundTlsChain?(chain: ChainDraft, draft: ListenerDraft, conf: InboundConf | undefined, place: InboundPlace): void;
  /** Whether an inbound insists on mesh mTLS; undefined leaves it to the Mesh. */
  inboundTlsMode?(conf: InboundConf | undefined): "strict" | "permissive" | undefined;
  inboundRoute?(draft: RouteDraft, conf: InboundConf | undefined, place: InboundPlace): void;
  /** Whether connections to addresses outside the mesh pass; undefined leaves it to the Mesh. */
  allowsPassthrough?(conf: ProxyConf | undefined): boolean | undefined;
  /** A listener for connections to addresses that no other listener has. */
  passthroughListener?(draft: ListenerDraft, conf: OutboundConf | undefined, place: PassthroughPlace): void;
  /** What the listeners made with these facts need beside them. */
  besides?(facts: ProxyFacts, plan: Plan, drafts: ProxyDrafts): void;
  /** A kind with a single conf for the whole proxy. */
  proxy?(conf: ProxyConf, plan: Plan, drafts: ProxyDrafts): void;
  /** Changes to the finished resources, after everything else; called where a policy of the kind selects the proxy. */
  patch?(conf: ProxyConf, resources: OpenResources): void;
}
