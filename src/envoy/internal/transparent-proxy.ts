// Listeners that take redirected connections of a transparent proxy, and where they go when no other listener wants them (spec/dataplane.md 5.5).
import { create } from "@bufbuild/protobuf";
import { FilterChainMatchSchema } from "#gen/envoy/config/listener/v3/listener_components_pb.js";
import { feature, reservedPort, type Plan, type ProxyConf } from "#mesh";
import { originalDestinationCluster, sealCluster, staticCluster, type ClusterDraft } from "../draft/cluster.ts";
import { chain, openListener, sealListener, tcpProxy } from "../draft/listener.ts";
import { factsKey, factsOf } from "../facts.ts";
import { system } from "../names.ts";
import type { ResourceGroup } from "../outbound.ts";
import { tlsModeOf } from "../inbound.ts";
import type { PipelineParts } from "../pipeline.ts";
import type { Sealed } from "../seal.ts";

const anyAddress = { ipv4: "0.0.0.0", ipv6: "::" } as const;
const ownSource = { ipv4: "127.0.0.6", ipv6: "::6" } as const;

export function transparentProxyResources(plan: Plan, parts: PipelineParts): ResourceGroup {
  const { traits } = plan.proxy;
  const proxy = traits.transparentProxy;
  if (!proxy?.outboundEnabled || traits.features.has(feature.bindOutbounds)) return { clusters: [], listeners: [] };
  const families = proxy.ipFamilyMode === "ipv4" ? (["ipv4"] as const) : (["ipv4", "ipv6"] as const);
  const clusters = [noDestination(parts)];
  const allows = parts.policies.map((it) => it.allowsPassthrough?.(plan.proxyConfs.get(it.kind))).find((it) => it !== undefined) ?? plan.allowsPassthrough;
  const listeners: Sealed[] = [];
  for (const family of families) {
    const outbound = system.passthrough("outbound", family)[plan.isUnified ? "unified" : "legacy"];
    const inbound = system.passthrough("inbound", family)[plan.isUnified ? "unified" : "legacy"];
    if (allows) clusters.push(passthroughCluster(outbound, undefined, parts));
    clusters.push(passthroughCluster(inbound, ownSource[family], parts));
    listeners.push(outboundListener(plan, outbound, family, proxy.outboundPort, parts));
    listeners.push(inboundListener(plan, inbound, anyAddress[family], proxy.inboundPort, parts));
  }
  return { clusters, listeners };
}

function sealed(draft: ClusterDraft, { policies, sealer }: PipelineParts): Sealed {
  for (const policy of policies) policy.everyCluster?.(draft);
  return sealCluster(draft, sealer);
}

function noDestination(parts: PipelineParts): Sealed {
  return parts.sealer.keyed("tproxy none", () => {
    const draft = staticCluster(system.noDestination, "tcp", []);
    draft.message.altStatName = system.noDestination;
    return sealed(draft, parts);
  });
}

const passthroughCluster = (name: string, bindTo: string | undefined, parts: PipelineParts): Sealed =>
  parts.sealer.keyed(`tproxy cluster ${name}`, () => sealed(originalDestinationCluster(name, bindTo), parts));

function outboundListener(plan: Plan, name: string, family: "ipv4" | "ipv6", port: number, parts: PipelineParts): Sealed {
  const { sealer, policies, keys } = parts;
  const confs = plan.anywhereConfs;
  const facts = factsOf(plan, parts);
  const listening = policies.filter((it) => it.passthroughListener !== undefined);
  const own = listening.map((it) => keys.idOf(objectOf(plan.proxyConfs.get(it.kind)))).join(",");
  return sealer.keyed(`tproxy out ${name} ${port} ${plan.isUnified} ${plan.proxy.traits.ipv6} ${own} ${keys.confs(confs)} ${factsKey(facts, "bytes", confs)}`, () => {
    const listener = openListener({ name, address: anyAddress[family], port, direction: "outbound", isUnified: plan.isUnified, reusePort: false, bindToPort: true, tags: {} });
    listener.message.useOriginalDst = true;
    listener.chains.push(chain({ terminal: { is: "tcp", proxy: tcpProxy(name, [{ name, weight: 1 }]) } }));
    for (const policy of listening) {
      const place = { family, internalCidrs: plan.internalCidrs, ipv6: plan.proxy.traits.ipv6, proxyConf: plan.proxyConfs.get(policy.kind), facts: facts.byKind };
      policy.passthroughListener?.(listener, confs.get(policy.kind), place);
    }
    return sealListener(listener, sealer);
  });
}

/** Confs of policies that read the same are one object. */
const objectOf = (conf: ProxyConf | undefined): object | undefined => (typeof conf?.value === "object" && conf.value !== null ? conf.value : undefined);

function inboundListener(plan: Plan, name: string, address: string, port: number, { sealer, policies }: PipelineParts): Sealed {
  const { traits } = plan.proxy;
  const declared = plan.proxy.dataplane.spec.networking?.inbound.map((it) => it.port) ?? [];
  const isStrict = declared.length > 0 && traits.features.has(feature.strictInboundPorts) && plan.mtls !== undefined && plan.inbounds.every((it) => tlsModeOf(plan, it, policies) === "strict");
  const ports = isStrict ? [...new Set(declared)] : [];
  return sealer.keyed(`tproxy in ${name} ${port} ${plan.isUnified} ${traits.features.has(feature.reusePort)} ${isStrict} ${ports.join(",")}`, () => {
    const listener = openListener({
      name, address, port, direction: "inbound", isUnified: plan.isUnified, reusePort: traits.features.has(feature.reusePort), bindToPort: true, tags: {},
    });
    listener.message.useOriginalDst = true;
    const to = (cluster: string) => chain({ terminal: { is: "tcp", proxy: tcpProxy(name, [{ name: cluster, weight: 1 }]) } });
    if (!isStrict) listener.chains.push(to(name));
    for (const declaredPort of ports) {
      const toPort = to(declaredPort === reservedPort ? system.noDestination : name);
      toPort.match = create(FilterChainMatchSchema, { destinationPort: declaredPort });
      listener.chains.push(toPort);
    }
    return sealListener(listener, sealer);
  });
}
