// From a plan to sealed resources: opens drafts, calls each policy at each draft, seals. What proxies share is built once.
import type { MeshView, Plan } from "#mesh";
import { endpointsOf } from "#mesh";
import { adminResources } from "./internal/admin.ts";
import { dnsDocument, dnsResources } from "./internal/dns.ts";
import { anchorsDocument, dynamicConfigResources } from "./internal/dynamic-config.ts";
import { probeResources } from "./internal/probes.ts";
import { zoneProxyResources, type ZoneProxy } from "./internal/zone-proxy.ts";
import { meshPrometheus } from "./internal/mesh-prometheus.ts";
import { spireResources } from "./internal/spire.ts";
import { transparentProxyResources } from "./internal/transparent-proxy.ts";
import { sealCluster } from "./draft/cluster.ts";
import { sealEndpoints } from "./draft/endpoints.ts";
import { sealListener } from "./draft/listener.ts";
import { inboundResources } from "./inbound.ts";
import { collectorsDocument } from "./collectors.ts";
import { factsOf } from "./facts.ts";
import { tlsSecrets } from "./mesh-tls.ts";
import { system } from "./names.ts";
import { callerTags, outboundResources, tagsInRequests, type ResourceGroup } from "./outbound.ts";
import type { EnvoyPolicy, ProxyDrafts } from "./policy.ts";
import { openResources, type OriginGroup, type PatchProblem } from "./patch.ts";
import { listOf, type Sealed, type Sealer } from "./seal.ts";
import { calledClusters, type CalledCluster } from "./spread.ts";
import { keyMaker, sharedResults, traitsKey, type KeyMaker, type Shared } from "./keys.ts";

/** The proxy's secrets, by Envoy's names; their content comes from `security`, never through the plan. */
export interface ProxySecrets {
  readonly identity: string;
  readonly trust: string;
  /** Trust is told by domain. */
  readonly isByDomain: boolean;
}

export interface ProxyResources {
  readonly clusters: readonly Sealed[];
  readonly listeners: readonly Sealed[];
  /** Clusters whose endpoints come by EDS. */
  readonly endpoints: ReadonlyMap<string, CalledCluster>;
  /** Undefined when none come from the control plane. */
  readonly secrets: ProxySecrets | undefined;
  /** What policies asked for and could not be done. */
  readonly problems?: readonly PatchProblem[];
}

/** Certificates inside Envoy's admin listener; undefined when the control plane has none for this proxy (yet). */
export interface AdminTls {
  readonly certPem: string;
  readonly keyPem: string;
  readonly caPem: string;
}

/** Authorities of the control plane's own certificate, PEM, those that sign later among them; one object while they do not change. */
export interface Anchors {
  readonly anchorsPem: string;
}

export interface Pipeline {
  resourcesFor(plan: Plan, adminTls: AdminTls | undefined, anchors?: Anchors): ProxyResources;
  /** What a zone's ingress or egress gets while nothing crosses zones. */
  zoneProxyResourcesFor(proxy: ZoneProxy, adminTls: AdminTls | undefined, anchors?: Anchors): Pick<ProxyResources, "clusters" | "listeners">;
  /** The endpoints of all these clusters at this moment; the same map while none of them changes. */
  endpointsFor(view: MeshView, clusters: ReadonlyMap<string, CalledCluster>): ReadonlyMap<string, Sealed>;
}

export interface PipelineParts {
  readonly policies: readonly EnvoyPolicy[];
  readonly sealer: Sealer;
  readonly keys: KeyMaker;
  readonly shared: Shared;
}

export function createPipeline(policies: readonly EnvoyPolicy[], sealer: Sealer): Pipeline {
  const parts: PipelineParts = { policies, sealer, keys: keyMaker(policies), shared: sharedResults() };
  const lastEndpoints = new WeakMap<ReadonlyMap<string, CalledCluster>, { readonly view: MeshView; readonly endpoints: ReadonlyMap<string, Sealed> }>();
  const results = new WeakMap<Plan, { readonly adminTls: AdminTls | undefined; readonly anchors: Anchors | undefined; readonly resources: ProxyResources }>();
  return {
    resourcesFor(plan, adminTls, anchors) {
      const known = results.get(plan);
      if (known && known.adminTls === adminTls && known.anchors === anchors) return known.resources;
      const resources = build(plan, adminTls, anchors, parts);
      results.set(plan, { adminTls, anchors, resources });
      return resources;
    },
    zoneProxyResourcesFor: (proxy, adminTls, anchors) => zoneProxyResources(proxy, adminTls, anchors, parts),
    endpointsFor(view, clusters) {
      const last = lastEndpoints.get(clusters);
      if (last?.view === view) return last.endpoints;
      const next = new Map([...clusters].map(([name, cluster]) => [name, endpointsOfCluster(view, name, cluster, parts)] as const));
      const endpoints = last && [...next].every(([name, sealed]) => last.endpoints.get(name) === sealed) ? last.endpoints : next;
      lastEndpoints.set(clusters, { view, endpoints });
      return endpoints;
    },
  };
}

function endpointsOfCluster(view: MeshView, name: string, { destination, spread: asked }: CalledCluster, { shared, keys, sealer }: PipelineParts): Sealed {
  return shared.of(view, `${name} ${asked ? keys.idOf(asked) : ""}`, () => {
    const endpoints = endpointsOf(view, destination);
    const spread = asked ?? { prefersLocalZone: view.mesh.spec.routing?.localityAwareLoadBalancing === true || destination.is === "resource" };
    const key = `eds ${name} ${keys.idOf(endpoints)} ${view.zone} ${spread.prefersLocalZone} ${asked ? keys.idOf(asked) : ""}`;
    return sealer.keyed(key, () => sealEndpoints(name, endpoints, { localZone: view.zone, spread }, sealer));
  });
}

function build(plan: Plan, adminTls: AdminTls | undefined, anchors: Anchors | undefined, parts: PipelineParts): ProxyResources {
  const admin = adminResources(plan, adminTls, parts);
  const transparent = transparentProxyResources(plan, parts);
  const inbound = inboundResources(plan, parts);
  const outbound = sharedOutbound(plan, parts);
  const dns = dnsResources(plan, parts);
  const own = policyResources(plan, anchors, parts);
  const groups: OriginGroup[] = [];
  const add = (origin: string, { clusters, listeners }: ResourceGroup) => {
    if (clusters.length > 0 || listeners.length > 0) groups.push({ origin, clusters, listeners });
  };
  add("admin", admin);
  add("transparent", transparent);
  add("inbound", inbound);
  add("dns", dns);
  groups.push(...own);
  add("core-resource", spireResources(plan, parts));
  add("probe", probeResources(plan, parts));
  const rest = { endpoints: calledClusters(plan, parts), secrets: secretsOf(plan) };
  const changed = patched(plan, groups, outbound, parts);
  if (changed) return { ...changed, ...rest };
  return { clusters: joined(groups.flatMap((it) => it.clusters), outbound.clusters), listeners: joined(groups.flatMap((it) => it.listeners), outbound.listeners), ...rest };
}

/** Undefined when nobody patches the proxy. */
function patched(plan: Plan, groups: readonly OriginGroup[], outbound: SharedOutbound, { policies, sealer }: PipelineParts): Pick<ProxyResources, "clusters" | "listeners" | "problems"> | undefined {
  const patching = policies.filter((it) => it.patch && plan.proxyConfs.has(it.kind));
  if (patching.length === 0) return undefined;
  const open = openResources([...groups, { origin: "outbound", clusters: outbound.clusters.list, listeners: outbound.listeners.list }], sealer);
  for (const policy of patching) {
    const conf = plan.proxyConfs.get(policy.kind);
    if (conf) policy.patch?.(conf, open);
  }
  const { problems } = open;
  return { ...open.sealed(), problems };
}

function secretsOf(plan: Plan): ProxySecrets | undefined {
  const names = tlsSecrets(plan);
  return names && names.agent === undefined ? { identity: names.identity, trust: names.ca, isByDomain: names.ca === system.trustBundle } : undefined;
}

/** What policies give the proxy itself, and the documents for its kuma-dp. */
function policyResources(plan: Plan, anchors: Anchors | undefined, parts: PipelineParts): readonly OriginGroup[] {
  const { policies, sealer } = parts;
  const dns = dnsDocument(plan);
  const older = meshPrometheus(plan);
  const anchored = anchorsDocument(plan.proxy.traits, anchors);
  const { byKind } = factsOf(plan, parts);
  if (!dns && !older && anchored.length === 0 && byKind.size === 0 && plan.proxyConfs.size === 0) return [];
  const drafts: ProxyDrafts = { clusters: older?.clusters ?? [], listeners: older?.listeners ?? [], documents: [...(dns ? [dns] : []), ...anchored], collectors: new Map() };
  for (const policy of policies) {
    // Clusters of policies that come later are theirs alone.
    for (const draft of drafts.clusters) policy.everyCluster?.(draft);
    const conf = plan.proxyConfs.get(policy.kind);
    if (conf) policy.proxy?.(conf, plan, drafts);
    const facts = byKind.get(policy.kind);
    if (facts) policy.besides?.(facts, plan, drafts);
  }
  drafts.documents.push(...collectorsDocument(drafts.collectors));
  const dynamic = dynamicConfigResources({ traits: plan.proxy.traits, isUnified: plan.isUnified }, drafts.documents, parts);
  return [
    { origin: "prometheus", clusters: drafts.clusters.map((it) => sealCluster(it, sealer)), listeners: drafts.listeners.map((it) => sealListener(it, sealer)) },
    { origin: "dynamic-config", clusters: [], listeners: dynamic.listeners },
  ];
}

interface SharedOutbound {
  readonly clusters: NamedList;
  readonly listeners: NamedList;
}

/** What leads out is the same for all proxies of a mesh with the same plan of outbounds and the same abilities. */
function sharedOutbound(plan: Plan, parts: PipelineParts): SharedOutbound {
  const facts = factsOf(plan, parts);
  const word = `${traitsKey(plan.proxy.traits, plan.isUnified)} ${parts.keys.idOf(plan.mtls)} ${parts.keys.idOf(plan.tlsReadyServices)} ${callerTags(plan, parts)} ${tagsInRequests(plan, parts)}`;
  const make = (): SharedOutbound => {
    const { clusters, listeners } = outboundResources(plan, parts);
    return { clusters: namedList(clusters), listeners: namedList(listeners) };
  };
  return facts.byKind.size === 0 ? parts.shared.of(plan.outbounds, word, make) : parts.shared.of(facts, `${word} ${parts.keys.idOf(plan.outbounds)}`, make);
}

interface NamedList {
  readonly list: readonly Sealed[];
  readonly names: ReadonlySet<string>;
}

/** One resource per name, sorted: the order is the same whatever led here. */
function byName(resources: readonly Sealed[]): readonly Sealed[] {
  if (resources.length < 2) return resources;
  return [...new Map(resources.map((it) => [it.name, it])).values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function namedList(resources: readonly Sealed[]): NamedList {
  const list = byName(resources);
  return { list, names: new Set(list.map((it) => it.name)) };
}

/** A name stands for one resource; where both have it, the shared one counts. */
function joined(own: readonly Sealed[], shared: NamedList): readonly Sealed[] {
  const list = byName(own);
  return listOf(list.some((it) => shared.names.has(it.name)) ? list.filter((it) => !shared.names.has(it.name)) : list, shared.list);
}
