// Outbounds: a listener per address a proxy may call, a cluster per destination.
import { create } from "@bufbuild/protobuf";
import { HeaderValueOptionSchema } from "#gen/envoy/config/core/v3/base_pb.js";
import { isHttp, isTlsReady, type ClusterPlan, type Destination, type Plan, type PlannedOutbound, type Proxy, type TargetPlan } from "#mesh";
import { tag } from "#resources";
import { spiffeId, spiffeTrustDomainPrefix } from "#security/names";
import { factsOf, targetFacts, type ProxyFacts } from "./facts.ts";
import { edsCluster, sealCluster, speakHttp2 } from "./draft/cluster.ts";
import { openHttp } from "./draft/http.ts";
import { bytesFilters, chain, listenerBody, openListener, sealListenerAt, tcpProxy, type ListenerBody } from "./draft/listener.ts";
import { envoyRoutes, leadsSomewhere } from "./draft/routes.ts";
import { upstreamTls, uriExact, uriPrefix, type SanMatcher } from "./draft/tls.ts";
import { traitsKey } from "./keys.ts";
import { tlsSecrets } from "./mesh-tls.ts";
import { clusterName, outboundListenerName, routeConfigName, virtualHostName } from "./names.ts";
import type { PipelineParts } from "./pipeline.ts";
import type { Sealed } from "./seal.ts";
import { identitySni, sniOf } from "./sni.ts";

export interface ResourceGroup {
  readonly clusters: readonly Sealed[];
  readonly listeners: readonly Sealed[];
}

export function outboundResources(plan: Plan, parts: PipelineParts): ResourceGroup {
  const clusters = new Map<Destination, Sealed>();
  for (const { target } of plan.outbounds) {
    for (const cluster of target.clusters) {
      if (!clusters.has(cluster.destination)) clusters.set(cluster.destination, sealedCluster(plan, cluster, target, parts));
    }
  }
  return { clusters: [...clusters.values()], listeners: plan.outbounds.filter(hasRoute).map((outbound) => sealedListener(plan, outbound, parts)) };
}

/** HTTP whose every route leads nowhere has no listener. */
const hasRoute = ({ target: { traffic } }: PlannedOutbound): boolean => traffic.is === "tcp" || traffic.routes.some(({ route }) => leadsSomewhere(route));

function sealedCluster(plan: Plan, cluster: ClusterPlan, target: TargetPlan, parts: PipelineParts): Sealed {
  return parts.shared.of(cluster, `${plan.isUnified ? "unified" : "legacy"} ${parts.keys.idOf(plan.mtls)} ${isCalledWithTls(plan, cluster)} ${callerTags(plan, parts)}`, () => makeCluster(plan, cluster, target, parts));
}

const isCalledWithTls = (plan: Plan, { destination }: ClusterPlan): boolean => plan.mtls !== undefined && isTlsReady(destination, plan.mtls, plan.tlsReadyServices);

function makeCluster(plan: Plan, cluster: ClusterPlan, target: TargetPlan, parts: PipelineParts): Sealed {
  const { sealer, policies, keys } = parts;
  const { destination, confs } = cluster;
  const caller = callerTags(plan, parts);
  const key = `cluster ${caller} ${plan.meshName} ${keys.idOf(destination)} ${keys.confs(confs)} ${keys.idOf(plan.mtls)} ${isCalledWithTls(plan, cluster)} ${plan.isUnified}`;
  return sealer.keyed(key, () => {
    const draft = edsCluster(clusterName(plan.meshName, destination, plan.isUnified), destination.protocol);
    speakHttp2(draft);
    const secrets = tlsSecrets(plan);
    if (plan.mtls && secrets && isCalledWithTls(plan, cluster)) {
      const sni = plan.mtls.certificate.from === "mesh" ? sniOf(plan.meshName, destination) : identitySni(plan.meshName, destination);
      draft.tls = upstreamTls(secrets, sni, sansOf(plan.meshName, destination));
    }
    const place = { target, mesh: plan.meshName, callerTags: caller, facts: noFacts };
    for (const policy of policies) policy.outboundCluster?.(draft, confs.get(policy.kind), place);
    for (const policy of policies) policy.everyCluster?.(draft);
    return sealCluster(draft, sealer);
  });
}

/** `&a=1&&b=2,3&`: tags of the proxy, where a policy that tells them selects it. */
export function callerTags({ proxy, policies: selecting }: Plan, { policies, shared }: Pick<PipelineParts, "policies" | "shared">): string {
  const naming = shared.of(selecting, "naming the caller", () => policies.filter((it) => it.namesCaller && (selecting.get(it.kind)?.length ?? 0) > 0));
  return naming.length > 0 ? tagsOf(proxy) : "";
}

/** The same for the header of every request, while any proxy of the mesh may go by it. */
export function tagsInRequests({ proxy, view }: Plan, { policies, shared }: Pick<PipelineParts, "policies" | "shared">): string {
  const reading = shared.of(view, "reading the caller", () => policies.filter((it) => it.readsCaller && view.list(it.kind).length > 0));
  return reading.length > 0 ? tagsOf(proxy) : "";
}

function tagsOf({ dataplane }: Proxy): string {
  const { inbound = [], gateway } = dataplane.spec.networking ?? {};
  const pairs = [...inbound.map((it) => it.tags), gateway?.tags ?? {}].flatMap((tags) => Object.entries(tags));
  const values = [...Map.groupBy(pairs, ([key]) => key)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return values.map(([key, its]) => `&${key}=${[...new Set(its.map(([, value]) => value))].toSorted().join(",")}&`).join("");
}

/** Whom the other side must prove to be: anyone of the mesh where nobody is named. */
function sansOf(mesh: string, destination: Destination): readonly SanMatcher[] {
  if (destination.is === "service") return [uriExact(spiffeId(mesh, destination.service))];
  const identities = destination.resource.spec.identities ?? [];
  if (identities.length === 0) return [uriPrefix(spiffeTrustDomainPrefix(mesh))];
  return [...new Set(identities.map((it) => (it.type === "SpiffeID" ? it.value : spiffeId(mesh, it.value))))].toSorted().map(uriExact);
}

function sealedListener(plan: Plan, outbound: PlannedOutbound, parts: PipelineParts): Sealed {
  const { sealer, keys } = parts;
  const { address, port, target } = outbound;
  const name = outboundListenerName(address, port, target.destination, plan.isUnified);
  const body = outboundBody(plan, target, parts);
  return sealer.keyed(`${keys.idOf(body)} ${address} ${port}`, () => sealListenerAt(name, address, port, body, sealer));
}

/** What all listeners for a target have in common, wherever proxies listen for it. */
function outboundBody(plan: Plan, target: TargetPlan, parts: PipelineParts): ListenerBody {
  const { sealer, policies, keys } = parts;
  const { traits } = plan.proxy;
  const caller = tagsInRequests(plan, parts);
  const ability = `${traitsKey(traits, plan.isUnified)} ${caller}`;
  const facts = factsOf(plan, parts);
  const says = targetFacts(facts, target);
  const place = { target, mesh: plan.meshName, callerTags: "", facts: facts.byKind };
  const make = () => sealer.keyed(`outbound ${plan.meshName} ${ability} ${keys.target(target)} ${says}`, () => {
    const { destination } = target;
    const nameOf = (it: Destination) => clusterName(plan.meshName, it, plan.isUnified);
    const isTransparent = traits.transparentProxy !== undefined && !traits.features.has("feature-bind-outbounds");
    const listener = openListener({
      name: destination.is === "resource" ? destination.kriText : "", address: "", port: 0, direction: "outbound", isUnified: plan.isUnified && destination.is === "resource", reusePort: false, bindToPort: !isTransparent, tags: listenerTags(destination),
    });
    const statPrefix = destination.is === "service" ? destination.service : nameOf(destination);
    if (target.traffic.is === "http" && isHttp(target.protocol)) {
      const http = openHttp({
        statPrefix, protocol: target.protocol, routeConfigName: routeConfigName(destination), virtualHost: virtualHostName(plan.meshName, destination, plan.isUnified),
        internalCidrs: plan.internalCidrs, ipv6: traits.ipv6,
      });
      http.message.normalizePath = true;
      if (caller) http.routeConfig.requestHeadersToAdd.push(create(HeaderValueOptionSchema, { header: { key: "x-kuma-tags", value: caller } }));
      for (const { route, confs, ownConfs } of target.traffic.routes) {
        for (const message of envoyRoutes(route, plan.isUnified, nameOf)) {
          const draft = { message, plan: route, ownConfs };
          for (const policy of policies) policy.outboundRoute?.(draft, confs.get(policy.kind), place);
          http.routes.push(draft);
        }
      }
      listener.chains.push(chain({ terminal: { is: "http", http } }));
    } else {
      const backends = target.traffic.is === "tcp" ? target.traffic.backends : [{ destination, weight: 1 }];
      const proxy = tcpProxy(statPrefix, backends.map((it) => ({ name: nameOf(it.destination), weight: it.weight })));
      // Without backends connections are closed.
      if (backends.length === 0) listener.chains.push(chain());
      else listener.chains.push(chain({ networkFilters: bytesFilters(target.protocol, statPrefix), terminal: { is: "tcp", proxy } }));
    }
    for (const policy of policies) policy.outboundListener?.(listener, target.confs.get(policy.kind), place);
    return listenerBody(listener, sealer);
  });
  // What is one proxy's own is forgotten with it, not with the target.
  return says === "" ? parts.shared.of(target, ability, make) : parts.shared.of(facts, `${ability} ${keys.idOf(target)}`, make);
}

const noFacts: ReadonlyMap<string, ProxyFacts> = new Map();

function listenerTags(destination: Destination): Readonly<Record<string, string>> {
  if (destination.is === "resource") return { "kuma.io/unified-name": destination.kriText };
  return Object.fromEntries(Object.entries(destination.tags).filter(([key]) => key !== tag.mesh));
}
