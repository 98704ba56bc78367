// The plan of one proxy: what it serves, what it may call, and which policy says what where. Pure data; Envoy and inspection read the same.
import type { Kri, Resource } from "#resources";
import type { MeshView } from "../view.ts";
import type { Destination, Protocol } from "./destinations.ts";
import type { WorkloadIdentity } from "./identity.ts";
import type { Inbound } from "./inbounds.ts";
import type { MeshTlsPlan } from "./mesh-tls.ts";
import type { Proxy } from "./proxy.ts";
import type { HttpRoute, WeightedBackend } from "./routes.ts";
import type { InboundRule } from "../rules/inbound-rules.ts";
import type { Rule } from "../rules/subsets.ts";

/** Merged conf of one kind for one destination. */
export interface OutboundConf {
  readonly value: unknown;
}

/** What one kind says about one inbound: its rules in order, and the older rules by caller's tags. */
export interface InboundConf {
  readonly rules: readonly InboundRule[];
  readonly fromRules: readonly Rule[];
}

export interface ProxyConf {
  readonly value: unknown;
}

export interface PlannedRoute {
  readonly route: HttpRoute;
  readonly confs: ReadonlyMap<string, OutboundConf>;
  /** Of kinds that speak of the route itself, not only of its destination. */
  readonly ownConfs: ReadonlyMap<string, OutboundConf>;
}

/** Everything known about calling one destination; the same object for all proxies with equal policies. */
export interface TargetPlan {
  readonly destination: Destination;
  readonly protocol: Protocol;
  readonly confs: ReadonlyMap<string, OutboundConf>;
  readonly traffic: { readonly is: "http"; readonly routes: readonly PlannedRoute[] } | { readonly is: "tcp"; readonly backends: readonly WeightedBackend[] };
  /** Every destination a cluster is needed for. */
  readonly clusters: readonly ClusterPlan[];
}

export interface ClusterPlan {
  readonly destination: Destination;
  readonly confs: ReadonlyMap<string, OutboundConf>;
}

export interface PlannedOutbound {
  readonly address: string;
  readonly port: number;
  readonly target: TargetPlan;
}

export interface PlannedInbound {
  readonly inbound: Inbound;
  readonly confs: ReadonlyMap<string, InboundConf>;
}

export interface Plan {
  readonly proxy: Proxy;
  readonly meshName: string;
  readonly zone: string;
  readonly isUnified: boolean;
  readonly mtls: MeshTlsPlan | undefined;
  /** The MeshIdentity by which the proxy has its certificate. */
  readonly identity: WorkloadIdentity | undefined;
  readonly allowsPassthrough: boolean;
  /** Services that may be called with mTLS where plain text is taken too; one object while they stay the same. */
  readonly tlsReadyServices: ReadonlySet<string>;
  readonly localityAware: boolean;
  readonly internalCidrs: readonly string[];
  readonly dataplaneKri: Kri;
  readonly inbounds: readonly PlannedInbound[];
  readonly outbounds: readonly PlannedOutbound[];
  /** Policies that matched, by kind, in order. */
  readonly policies: ReadonlyMap<string, readonly Resource[]>;
  readonly proxyConfs: ReadonlyMap<string, ProxyConf>;
  /** What is said of all destinations, whatever they are: it holds for addresses outside the mesh too. */
  readonly anywhereConfs: ReadonlyMap<string, OutboundConf>;
  /** Name to addresses, for the proxy's DNS. */
  readonly dns: readonly DnsRecord[];
  /** The view it was made from; later views with the same scope share the plan. */
  readonly view: MeshView;
}

export interface DnsRecord {
  readonly name: string;
  readonly addresses: readonly string[];
}
