// Names of the mesh for a transparent proxy: as a document for kuma-dp's own DNS server, or as Envoy's DNS filter (spec/dataplane.md 5.8).
import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { ListenerFilterSchema } from "#gen/envoy/config/listener/v3/listener_components_pb.js";
import { RouteSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { DnsFilterConfigSchema } from "#gen/envoy/extensions/filters/udp/dns_filter/v3/dns_filter_pb.js";
import { feature, type Plan } from "#mesh";
import { label } from "#resources";
import { packTyped, typed } from "../any.ts";
import { loopbackCidrs, openHttp } from "../draft/http.ts";
import { chain, pipeListener, sealListener, udpListener } from "../draft/listener.ts";
import { sanitised, system } from "../names.ts";
import type { ResourceGroup } from "../outbound.ts";
import type { PipelineParts } from "../pipeline.ts";
import type { Sealed } from "../seal.ts";

const nothing: ResourceGroup = { clusters: [], listeners: [] };

export function dnsResources(plan: Plan, parts: PipelineParts): ResourceGroup {
  const { traits } = plan.proxy;
  const proxying = traits.transparentProxy;
  if (!proxying?.dnsEnabled || traits.features.has(feature.bindOutbounds)) return nothing;
  const records = plan.dns.map(({ name, addresses }) => ({ name, ips: addresses.flatMap((ip) => withMapped(ip, proxying.ipFamilyMode)) }));
  if (!traits.features.has(feature.embeddedDns)) return traits.dnsPort > 0 ? { clusters: [], listeners: [dnsListener(plan, records, parts)] } : nothing;
  if (!traits.workdir) return nothing;
  const workload = plan.proxy.dataplane.labels[label.workload];
  const extraLabels = { ...(plan.zone ? { kuma_io_zone: plan.zone } : {}), ...(workload ? { kuma_workload: workload } : {}), mesh: plan.meshName };
  const body = JSON.stringify({ records, ttl: ttlSeconds, extraLabels });
  return { clusters: [], listeners: [dynamicConfig(plan, [{ path: "/dns", name: "dns", body }], parts)] };
}

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
    const listener = udpListener(name, "127.0.0.1", dnsPort, plan.isUnified);
    listener.message.listenerFilters.push(create(ListenerFilterSchema, { name: filter.name, configType: { case: "typedConfig", value: packTyped(filter) } }));
    return sealListener(listener, sealer);
  });
}

interface Document {
  readonly path: string;
  readonly name: string;
  readonly body: string;
}

/** Documents that kuma-dp fetches over a socket of Envoy's; an unchanged one is answered with 304. */
function dynamicConfig(plan: Plan, documents: readonly Document[], { sealer }: PipelineParts): Sealed {
  const name = system.dynamicConfig[plan.isUnified ? "unified" : "legacy"];
  const socket = `${plan.proxy.traits.workdir}/kuma-mesh-metric-config.sock`;
  const { ipv6 } = plan.proxy.traits;
  return sealer.keyed(`dynamic ${name} ${socket} ${ipv6} ${JSON.stringify(documents)}`, () => {
    const listener = pipeListener(name, socket);
    if (plan.isUnified) listener.message.statPrefix = sanitised(name);
    const http = openHttp({ statPrefix: name, protocol: "http", routeConfigName: name, virtualHost: name, internalCidrs: loopbackCidrs, ipv6 });
    // A listener of our own: nobody refers to its routes by name, and nothing is proxied.
    http.routeConfig.name = "";
    delete http.routeConfig.validateClusters;
    http.routeConfig.maxDirectResponseBodySizeBytes = Math.max(...documents.map((it) => Buffer.byteLength(it.body)));
    for (const document of documents) {
      const etag = createHash("sha256").update(document.body).digest("hex");
      const routeName = plan.isUnified ? `${name}_${document.name}` : `${name}:${document.path}`;
      const match = { pathSpecifier: { case: "path" as const, value: document.path } };
      const unchanged = { ...match, headers: [{ name: "If-None-Match", headerMatchSpecifier: { case: "stringMatch" as const, value: { matchPattern: { case: "exact" as const, value: etag } } } }] };
      http.routes.push(
        { plan: undefined, message: create(RouteSchema, { name: plan.isUnified ? `${routeName}_not_modified` : "", match: unchanged, action: { case: "directResponse", value: { status: 304 } } }) },
        {
          plan: undefined,
          message: create(RouteSchema, {
            name: routeName, match, responseHeadersToAdd: [{ header: { key: "Etag", value: etag } }],
            action: { case: "directResponse", value: { status: 200, body: { specifier: { case: "inlineString", value: document.body } } } },
          }),
        },
      );
    }
    listener.chains.push(chain({ terminal: { is: "http", http } }));
    return sealListener(listener, sealer);
  });
}
