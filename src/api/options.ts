// What the API is made of: everything it needs is handed in.
import type { FastifyRequest } from "fastify";
import type { ServiceInsight_Service } from "#gen/kuma/mesh/v1alpha1/insights_pb.js";
import type { Json, Kinds, Place, Resource } from "#resources";
import type { Store } from "#store";
import type { Access, WriteDoor, WritingUser } from "#write";
import type { Clock, Log } from "#platform";

/** The raw HTTP request: headers and socket. */
export type RawRequest = FastifyRequest["raw"];

export interface AuditedRequest {
  readonly raw: RawRequest;
  /** Method and path, without the query. */
  readonly action: string;
  readonly user: WritingUser;
  readonly outcome: "allowed" | "denied";
  /** Of a token that was issued. */
  readonly jti?: string;
  readonly error?: unknown;
}

export interface ApiOptions {
  readonly store: Store;
  readonly door: WriteDoor;
  readonly kinds: Kinds;
  readonly place: Place;
  readonly access: Access;
  readonly isApiReadOnly: boolean;
  readonly log: Log;
  readonly clock: Clock;
  /** Anonymous is a user too; throws `unauthenticated` for credentials that are no good. */
  readonly authenticate: (request: RawRequest) => WritingUser | Promise<WritingUser>;
  /** Throws `denied` for users who may see nothing but what is public; what has a rule of its own is not asked for. */
  readonly admit?: (user: WritingUser) => void;
  /** Hears of requests that leave a trace. */
  readonly audit?: (request: AuditedRequest) => void;
  /** Hears of every answer, for metrics. */
  readonly onAnswer?: (answer: ApiAnswer) => void;
  readonly about: About;
  readonly tokens?: TokenDesk;
  readonly inspect?: Inspection;
  readonly envoyAdmin?: EnvoyAdmin;
  readonly insights?: Insights;
  /** Default 5 MB. */
  readonly bodyLimitBytes?: number;
  /** A request whose body has not arrived by then is cut off; default 10 s (`apiServer.readTimeout`). */
  readonly readTimeoutMs?: number;
}

export interface ApiAnswer {
  readonly method: string;
  /** The path with its parameters in braces, e.g. `/meshes/{mesh}/dataplanes/{name}`; empty where there is no such path. */
  readonly route: string;
  readonly status: number;
  readonly spentMs: number;
  /** Of the body; 0 where it was streamed. */
  readonly bytes: number;
}

/** Counts over everything; those per mesh are read from the store like resources. */
export interface Insights {
  readonly global: () => Json;
  /** Totals of the global kinds by name. */
  readonly totals: () => Json;
  /** What is said of a service that nobody offers. */
  readonly unknownService: (name: string) => ServiceInsight_Service;
}

export interface About {
  readonly hostname: string;
  readonly instanceId: string;
  readonly version: string;
  /** URL or path of the console; empty when there is none. */
  readonly gui: string;
  /** Empty until the cluster has one. */
  readonly clusterId: () => string;
  /** The effective configuration, secrets already masked. Throws `denied` when the user may not see it. */
  readonly config: (user: WritingUser) => unknown;
  /** Who presents what on which channel. Throws `denied` like `config`. */
  readonly trust?: (user: WritingUser) => unknown;
}

export interface DataplaneTokenRequest {
  readonly name: string;
  readonly mesh: string;
  readonly tags: Readonly<Record<string, readonly string[]>>;
  readonly type: "dataplane" | "ingress" | "egress";
  readonly workload: string;
  readonly validForMs: number;
}
export interface ZoneTokenRequest {
  readonly zone: string;
  readonly scope: readonly string[];
  readonly validForMs: number;
}
export interface UserTokenRequest {
  readonly name: string;
  readonly groups: readonly string[];
  readonly validForMs: number;
}

/** Issues tokens; throws `denied` for users who may not ask, and `not-found` (attempt `Signing Key not found`) without a key. */
export interface TokenDesk {
  /** Of a token whose request does not say how long. */
  readonly defaultValidForMs: number;
  readonly mayIssue: (user: WritingUser, what: { readonly token: "dataplane" | "user" } | { readonly token: "zone"; readonly zone: string }) => void;
  readonly dataplane: (request: DataplaneTokenRequest) => Promise<string>;
  readonly zone: (request: ZoneTokenRequest) => Promise<string>;
  /** Absent when users do not authenticate by tokens: then the path does not exist. */
  readonly user?: (request: UserTokenRequest) => Promise<string>;
}

/** One inspection: the JSON document for a path, or a KumaError. */
export type Inspect<P> = (where: P, query: Readonly<Record<string, string | undefined>>, user: WritingUser) => unknown;

export interface ProxyPath {
  readonly mesh: string;
  readonly name: string;
}

/** Pages of a plan; each is routed only when it is given (spec/api.md 2.7). */
export interface Inspection {
  readonly dataplaneRules?: Inspect<ProxyPath>;
  readonly dataplaneConfig?: Inspect<ProxyPath>;
  /** What the proxy's Envoy last refused of its configuration, and why. Ours, not Kuma's. */
  readonly dataplaneRefusals?: Inspect<ProxyPath>;
  readonly dataplaneLayout?: Inspect<ProxyPath>;
  readonly dataplanePolicies?: Inspect<ProxyPath>;
  readonly inboundPolicies?: Inspect<ProxyPath & { readonly kri: string }>;
  readonly outboundPolicies?: Inspect<ProxyPath & { readonly kri: string }>;
  readonly outboundRoutes?: Inspect<ProxyPath & { readonly kri: string }>;
  readonly routePolicies?: Inspect<ProxyPath & { readonly kri: string; readonly route: string }>;
  readonly gatewayRules?: Inspect<ProxyPath>;
  readonly gatewayConfig?: Inspect<ProxyPath>;
  /** `/meshes/m/<policy path>/n/_resources/dataplanes`, also for MeshService. */
  readonly matchedDataplanes?: Inspect<ProxyPath & { readonly type: string }>;
  /** `/meshes/m/dataplanes/n/policies` and `/meshes/m/<policy path>/n/dataplanes`: the older pages. */
  readonly attachedPolicies?: Inspect<ProxyPath>;
  /** `/meshes/m/dataplanes/n/rules`: the oldest form of `_rules`. */
  readonly legacyRules?: Inspect<ProxyPath>;
  readonly attachedDataplanes?: Inspect<ProxyPath & { readonly type: string }>;
  /** `/meshes/m/meshgateways/n/dataplanes`, also for routes of gateways. */
  readonly gatewayDataplanes?: Inspect<ProxyPath & { readonly type: string }>;
  readonly hostnames?: Inspect<ProxyPath & { readonly type: string }>;
}

export type EnvoyAdminPage = "xds" | "stats" | "clusters";

export interface EnvoyAdminRequest {
  /** A Dataplane, ZoneIngress or ZoneEgress. */
  readonly proxy: Resource;
  readonly page: EnvoyAdminPage;
  /** For `xds`. */
  readonly includeEds: boolean;
  /** For `stats`. */
  readonly usedOnly: boolean;
  /** For `stats` and `clusters`; `xds` is always JSON. */
  readonly isJson: boolean;
}

/** Asks Envoys about themselves; throws `denied` for users who may not look. */
export interface EnvoyAdmin {
  readonly mayView: (page: EnvoyAdminPage, user: WritingUser) => void;
  readonly ask: (request: EnvoyAdminRequest) => Promise<{ readonly mediaType: string; readonly text: string }>;
}
