// What the engine knows about one proxy: its Dataplane and the abilities its kuma-dp announced.
import { Dataplane_Networking_TransparentProxying_IpFamilyMode as IpFamilyMode, type Dataplane, type Dataplane_Networking_TransparentProxying } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Resource } from "#resources";

/** Abilities and settings that many proxies share; equal ones are one object (`traitsOf`). */
export interface ProxyTraits {
  readonly features: ReadonlySet<string>;
  readonly ipv6: boolean;
  readonly transparentProxy: TransparentProxyTraits | undefined;
  /** Port of Envoy's DNS listener, 0 for none. */
  readonly dnsPort: number;
  readonly readinessPort: number;
  readonly adminPort: number;
  readonly adminAddress: string;
  readonly adminSocketPath: string;
  /** kuma-dp itself answers the probes of an orchestrator. */
  readonly answersProbes?: boolean;
  /** Folder of the proxy's Unix sockets. */
  readonly workdir: string;
  /** Where SPIRE's agent listens on this proxy's host. */
  readonly spireSocketPath?: string;
  /** Files of the metrics listener's certificate and key; absent when the proxy has none. */
  readonly metricsTls?: { readonly certPath: string; readonly keyPath: string };
}

export interface TransparentProxyTraits {
  readonly inboundPort: number;
  readonly outboundPort: number;
  readonly outboundEnabled: boolean;
  readonly dnsEnabled: boolean;
  readonly ipFamilyMode: "dualstack" | "ipv4" | "ipv6";
}

export interface Proxy {
  readonly dataplane: Resource<Dataplane>;
  readonly traits: ProxyTraits;
}

export const feature = {
  deltaGrpc: "feature-delta-grpc",
  unifiedNaming: "feature-unified-resource-naming",
  strictInboundPorts: "feature-strict-inbound-ports",
  reusePort: "feature-reuse-port",
  embeddedDns: "feature-embedded-dns",
  bindOutbounds: "feature-bind-outbounds",
  transparentProxyInMetadata: "feature-transparent-proxy-in-dataplane-metadata",
  spire: "feature-spire",
  /** kuma-dp brings OpenTelemetry data to collectors. */
  otelViaDp: "feature-otel-via-kuma-dp",
  /** Ours: what Envoy trusts and its token are files that kuma-dp keeps. */
  watchedCredentials: "feature-watched-credentials",
} as const;

/** Interns traits by value: 1,000 proxies started alike share one object. */
export function traitsInterner(): (traits: ProxyTraits) => ProxyTraits {
  const known = new Map<string, WeakRef<ProxyTraits>>();
  return (traits) => {
    const key = JSON.stringify({ ...traits, features: [...traits.features].toSorted() });
    const existing = known.get(key)?.deref();
    if (existing) return existing;
    known.set(key, new WeakRef(traits));
    return traits;
  };
}

const familyModes = new Map<IpFamilyMode, TransparentProxyTraits["ipFamilyMode"]>([[IpFamilyMode.IPv4, "ipv4"]]);

/** Abilities as they hold for the plan: an older kuma-dp says in the Dataplane, not in its metadata, how it is redirected. */
export function effectiveTraits(intern: (traits: ProxyTraits) => ProxyTraits): (proxy: Proxy) => Proxy {
  return (proxy) => {
    const { dataplane, traits } = proxy;
    const { transparentProxying: proxying, address = "" } = dataplane.spec.networking ?? {};
    const isAnnounced = traits.features.has(feature.transparentProxyInMetadata);
    const transparentProxy = isAnnounced ? traits.transparentProxy : fromDataplane(proxying, traits.dnsPort);
    // A host that redirects IPv4 alone does not redirect a proxy at an IPv6 address.
    const isRedirected = transparentProxy?.ipFamilyMode !== "ipv4" || !address.includes(":");
    if (isRedirected && transparentProxy === traits.transparentProxy) return proxy;
    return { dataplane, traits: intern({ ...traits, transparentProxy: isRedirected ? transparentProxy : undefined }) };
  };
}

function fromDataplane(proxying: Dataplane_Networking_TransparentProxying | undefined, dnsPort: number): TransparentProxyTraits | undefined {
  if (!proxying?.redirectPortInbound && !proxying?.redirectPortOutbound) return undefined;
  const { redirectPortInbound: inboundPort, redirectPortOutbound: outboundPort } = proxying;
  return { inboundPort, outboundPort, outboundEnabled: outboundPort > 0, dnsEnabled: dnsPort > 0, ipFamilyMode: familyModes.get(proxying.ipFamilyMode) ?? "dualstack" };
}
