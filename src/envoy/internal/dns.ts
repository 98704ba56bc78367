// Names of the mesh for a transparent proxy: as a document for kuma-dp's own DNS server, or as Envoy's DNS filter (spec/dataplane.md 5.8).
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { ListenerFilterSchema } from "#gen/envoy/config/listener/v3/listener_components_pb.js";
import { DnsFilterConfigSchema } from "#gen/envoy/extensions/filters/udp/dns_filter/v3/dns_filter_pb.js";
import { feature, type Plan } from "#mesh";
import { label } from "#resources";
import { packTyped, typed } from "../any.ts";
import { sealListener, udpListener } from "../draft/listener.ts";
import { system } from "../names.ts";
import type { ResourceGroup } from "../outbound.ts";
import type { PipelineParts } from "../pipeline.ts";
import type { DynamicDocument } from "../policy.ts";
import type { Sealed } from "../seal.ts";

const nothing: ResourceGroup = { clusters: [], listeners: [] };

/** Envoy's own DNS listener, for a kuma-dp without a DNS server. */
export function dnsResources(plan: Plan, parts: PipelineParts): ResourceGroup {
  const { traits } = plan.proxy;
  if (!isDnsWanted(plan) || traits.features.has(feature.embeddedDns) || traits.dnsPort === 0) return nothing;
  return { clusters: [], listeners: [dnsListener(plan, recordsOf(plan), parts)] };
}

/** The names as a document for kuma-dp's own DNS server. */
export function dnsDocument(plan: Plan): DynamicDocument | undefined {
  const { traits } = plan.proxy;
  if (!isDnsWanted(plan) || !traits.features.has(feature.embeddedDns)) return undefined;
  const workload = plan.proxy.dataplane.labels[label.workload];
  const extraLabels = { ...(plan.zone ? { kuma_io_zone: plan.zone } : {}), ...(workload ? { kuma_workload: workload } : {}), mesh: plan.meshName };
  return { path: "/dns", name: "dns", body: JSON.stringify({ records: recordsOf(plan), ttl: ttlSeconds, extraLabels }) };
}

const isDnsWanted = ({ proxy: { traits } }: Plan): boolean => traits.transparentProxy?.dnsEnabled === true && !traits.features.has(feature.bindOutbounds);

const recordsOf = (plan: Plan): readonly Names[] =>
  plan.dns.map(({ name, addresses }) => ({ name, ips: addresses.flatMap((ip) => withMapped(ip, plan.proxy.traits.transparentProxy?.ipFamilyMode ?? "dualstack")) }));

const ttlSeconds = 30;

/** A client that prefers IPv6 gets the same address in its mapped form. */
const withMapped = (ip: string, mode: "dualstack" | "ipv4" | "ipv6"): readonly string[] => (mode === "dualstack" && !ip.includes(":") ? [ip, `::ffff:${v4Hex(ip)}`] : [ip]);

const v4Hex = (ip: string): string => {
  const [a = 0, b = 0, c = 0, d = 0] = ip.split(".").map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
};

interface Names {
  readonly name: string;
  readonly ips: readonly string[];
}

/** Envoy answers by itself when kuma-dp has no DNS server that would. */
function dnsListener(plan: Plan, records: readonly Names[], { sealer }: PipelineParts): Sealed {
  const name = system.dns[plan.isUnified ? "unified" : "legacy"];
  const { dnsPort } = plan.proxy.traits;
  return sealer.keyed(`dns ${name} ${dnsPort} ${JSON.stringify(records)}`, () => {
    const virtualDomains = records.map(({ name: domain, ips }) => ({
      name: domain, answerTtl: durationFromMs(ttlSeconds * 1000), endpoint: { endpointConfig: { case: "addressList" as const, value: { address: [...ips] } } },
    }));
    const filter = typed("envoy.filters.udp.dns_filter", DnsFilterConfigSchema, { statPrefix: "kuma_dns", serverConfig: { configSource: { case: "inlineDnsTable", value: { virtualDomains } } } });
    const listener = udpListener(name, "127.0.0.1", dnsPort);
    listener.message.listenerFilters.push(create(ListenerFilterSchema, { name: filter.name, configType: { case: "typedConfig", value: packTyped(filter) } }));
    return sealListener(listener, sealer);
  });
}
