// Inbounds: a listener per port a proxy serves, mTLS ended there, and a cluster to the workload behind it.
import { create } from "@bufbuild/protobuf";
import { RouteSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { FilterChainMatchSchema } from "#gen/envoy/config/listener/v3/listener_components_pb.js";
import { formatKri } from "#resources";
import { feature, isHttp, type Inbound, type Plan, type PlannedInbound } from "#mesh";
import { bindSource, clusterBody, sealClusterAt, speakHttp1, speakHttp2, staticCluster } from "./draft/cluster.ts";
import { forwardClientCertificate, openHttp } from "./draft/http.ts";
import { bytesFilters, chain, openListener, listenerBody, sealListenerAt, tcpProxy, type ChainDraft, type ListenerBody } from "./draft/listener.ts";
import { factsOf, inboundFacts, type FactsOfProxy } from "./facts.ts";
import { inboundTls } from "./mesh-tls.ts";
import { traitsKey } from "./keys.ts";
import { inboundClusterName, inboundListenerName } from "./names.ts";
import type { ResourceGroup } from "./outbound.ts";
import type { PipelineParts } from "./pipeline.ts";
import type { EnvoyPolicy, InboundPlace } from "./policy.ts";
import type { Sealed } from "./seal.ts";

const localAddresses = new Set(["127.0.0.1", "::1", "localhost"]);

export function inboundResources(plan: Plan, parts: PipelineParts): ResourceGroup {
  return {
    clusters: plan.inbounds.map((it) => parts.shared.of(it, `cluster ${abilityOf(plan)}`, () => sealedCluster(plan, it, parts))),
    listeners: plan.inbounds.map((it) => {
      const facts = factsOf(plan, parts);
      const word = `listener ${abilityOf(plan)} ${parts.keys.idOf(plan.mtls)} ${tlsModeOf(plan, it, parts.policies)}`;
      const make = () => sealedListener(plan, it, parts);
      return inboundFacts(facts, it) === "" ? parts.shared.of(it, word, make) : parts.shared.of(facts, `${word} ${parts.keys.idOf(it)}`, make);
    }),
  };
}

const abilityOf = (plan: Plan): string => traitsKey(plan.proxy.traits, plan.isUnified);

function placeOf(plan: Plan, inbound: Inbound, facts: FactsOfProxy["byKind"]): InboundPlace {
  return { facts, inbound, mesh: plan.meshName, listenerName: inboundListenerName(inbound, plan.isUnified), dataplaneKri: formatKri({ ...plan.dataplaneKri, section: inbound.section }), hasIdentity: plan.identity !== undefined };
}

function sealedCluster(plan: Plan, planned: PlannedInbound, { sealer, policies, keys }: PipelineParts): Sealed {
  const { inbound, confs } = planned;
  const { workloadAddress: address, workloadPort: port } = inbound;
  const name = inboundClusterName(inbound, plan.isUnified);
  const isTransparent = plan.proxy.traits.transparentProxy !== undefined;
  // Under redirection a connection to our own address would come back to us; its source tells it apart.
  const source = !isTransparent || localAddresses.has(address) ? "" : address.includes(":") ? "::6" : "127.0.0.6";
  const body = sealer.keyed(`localhost ${plan.meshName} ${name} ${source} ${inbound.section} ${inbound.protocol} ${keys.confs(confs)}`, () => {
    const draft = staticCluster(name, inbound.protocol, []);
    if (inbound.protocol === "http") speakHttp1(draft);
    if (inbound.protocol === "http2" || inbound.protocol === "grpc") speakHttp2(draft);
    if (source) bindSource(draft, source);
    const place = placeOf(plan, inbound, new Map());
    for (const policy of policies) policy.inboundCluster?.(draft, confs.get(policy.kind), place);
    for (const policy of policies) policy.everyCluster?.(draft);
    return clusterBody(draft);
  });
  return sealer.keyed(`${keys.idOf(body)} ${address} ${port}`, () => sealClusterAt(name, { address, port }, body, sealer));
}

function sealedListener(plan: Plan, planned: PlannedInbound, parts: PipelineParts): Sealed {
  const { inbound } = planned;
  const name = inboundListenerName(inbound, plan.isUnified);
  const body = inboundBody(plan, planned, parts);
  return parts.sealer.keyed(`${parts.keys.idOf(body)} ${inbound.address} ${inbound.port}`, () => sealListenerAt(name, inbound.address, inbound.port, body, parts.sealer));
}

/** What an inbound takes: policies decide before the Mesh does. */
export function tlsModeOf(plan: Plan, { confs }: PlannedInbound, policies: readonly EnvoyPolicy[]): "plain" | "permissive" | "strict" {
  if (!plan.mtls) return "plain";
  const asked = policies.map((policy) => policy.inboundTlsMode?.(confs.get(policy.kind))).find((it) => it !== undefined);
  return asked ?? (plan.mtls.isPermissive ? "permissive" : "strict");
}

/** What the listeners of all proxies with such an inbound have in common; names with an address in them are only shared by that address. */
function inboundBody(plan: Plan, planned: PlannedInbound, parts: PipelineParts): ListenerBody {
  const { sealer, policies, keys } = parts;
  const { inbound, confs } = planned;
  const { traits } = plan.proxy;
  const tls = tlsModeOf(plan, planned, policies);
  const facts = factsOf(plan, parts);
  const namesAddress = !plan.isUnified && !(isHttp(inbound.protocol) && inbound.service);
  const text = namesAddress ? keys.inbound(inbound) : JSON.stringify([inbound.workloadPort, inbound.section, inbound.protocol, inbound.tags, inbound.service]);
  const key = `inbound ${plan.meshName} ${tls} ${keys.idOf(plan.mtls)} ${traitsKey(traits, plan.isUnified)} ${text} ${keys.confs(confs)} ${inboundFacts(facts, planned)}`;
  return sealer.keyed(key, () => {
    const listener = openListener({
      name: inboundListenerName(inbound, plan.isUnified), address: inbound.address, port: inbound.port, direction: "inbound", isUnified: plan.isUnified,
      reusePort: traits.features.has(feature.reusePort), bindToPort: traits.transparentProxy === undefined,
      tags: Object.keys(inbound.tags).length > 0 ? inbound.tags : { "kuma.io/unified-name": inboundListenerName(inbound, true) },
    });
    const place = placeOf(plan, inbound, facts.byKind);
    const terminal = (): ChainDraft => terminalChain(plan, planned, place, parts);
    if (tls === "plain") listener.chains.push(terminal());
    if (tls === "permissive") {
      listener.needsTlsInspector = true;
      const plain = terminal();
      plain.match = create(FilterChainMatchSchema, { transportProtocol: "raw_buffer" });
      // TLS that is not ours ends at the workload, which must speak it on this port.
      const passing = terminal();
      passing.match = create(FilterChainMatchSchema, { transportProtocol: "tls" });
      listener.chains.push(plain, passing);
    }
    if (tls !== "plain") {
      const secured = terminal();
      secured.tls = inboundTls(plan);
      if (tls === "permissive") secured.match = create(FilterChainMatchSchema, { transportProtocol: "tls", applicationProtocols: ["kuma"] });
      for (const policy of policies) policy.inboundTlsChain?.(secured, listener, confs.get(policy.kind), place);
      listener.chains.push(secured);
    }
    for (const policy of policies) policy.inboundListener?.(listener, confs.get(policy.kind), place);
    return listenerBody(listener, sealer);
  });
}

function terminalChain(plan: Plan, { inbound, confs }: PlannedInbound, place: InboundPlace, { policies }: PipelineParts): ChainDraft {
  const cluster = inboundClusterName(inbound, plan.isUnified);
  if (!isHttp(inbound.protocol)) return chain({ networkFilters: bytesFilters(inbound.protocol, cluster), terminal: { is: "tcp", proxy: tcpProxy(cluster, [{ name: cluster, weight: 1 }]) } });
  const name = plan.isUnified ? cluster : place.listenerName;
  const http = openHttp({
    statPrefix: cluster,
    protocol: inbound.protocol,
    routeConfigName: plan.isUnified || !inbound.service ? name : `inbound:${inbound.service}`,
    virtualHost: plan.isUnified || !inbound.service ? name : inbound.service,
    internalCidrs: plan.internalCidrs,
    ipv6: plan.proxy.traits.ipv6,
  });
  forwardClientCertificate(http);
  http.routeConfig.requestHeadersToRemove.push("x-kuma-tags");
  const draft = { message: create(RouteSchema, { match: { pathSpecifier: { case: "prefix", value: "/" } }, action: { case: "route", value: { clusterSpecifier: { case: "cluster", value: cluster } } } }), plan: undefined };
  for (const policy of policies) policy.inboundRoute?.(draft, confs.get(policy.kind), place);
  http.routes.push(draft);
  return chain({ terminal: { is: "http", http } });
}
