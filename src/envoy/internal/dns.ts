// Names of the mesh for a transparent proxy: as a document for kuma-dp's own DNS server, or as Envoy's DNS filter (spec/dataplane.md 5.8).
import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { RouteSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { feature, type DnsRecord, type Plan } from "#mesh";
import { openHttp } from "../draft/http.ts";
import { chain, pipeListener, sealListener } from "../draft/listener.ts";
import { system } from "../names.ts";
import type { ResourceGroup } from "../outbound.ts";
import type { PipelineParts } from "../pipeline.ts";
import type { Sealed } from "../seal.ts";

const nothing: ResourceGroup = { clusters: [], listeners: [] };

export function dnsResources(plan: Plan, parts: PipelineParts): ResourceGroup {
  const { traits } = plan.proxy;
  if (!traits.transparentProxy?.dnsEnabled || !traits.features.has(feature.embeddedDns) || !traits.workdir) return nothing;
  return { clusters: [], listeners: [dynamicConfig(plan, [{ path: "/dns", name: "dns", body: dnsDocument(plan.dns, traits.transparentProxy.ipFamilyMode) }], parts)] };
}

function dnsDocument(records: readonly DnsRecord[], mode: "dualstack" | "ipv4" | "ipv6"): string {
  const mapped = (ip: string): string[] => (mode === "dualstack" && !ip.includes(":") ? [ip, `::ffff:${v4Hex(ip)}`] : [ip]);
  return JSON.stringify({ records: records.map(({ name, addresses }) => ({ name, ips: addresses.flatMap(mapped) })), ttl: 30, extraLabels: {} });
}

const v4Hex = (ip: string): string => {
  const [a = 0, b = 0, c = 0, d = 0] = ip.split(".").map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
};

interface Document {
  readonly path: string;
  readonly name: string;
  readonly body: string;
}

/** Documents that kuma-dp fetches over a socket of Envoy's; an unchanged one is answered with 304. */
function dynamicConfig(plan: Plan, documents: readonly Document[], { sealer }: PipelineParts): Sealed {
  const name = system.dynamicConfig[plan.isUnified ? "unified" : "legacy"];
  const socket = `${plan.proxy.traits.workdir}/kuma-mesh-metric-config.sock`;
  return sealer.keyed(`dynamic ${name} ${socket} ${JSON.stringify(documents)}`, () => {
    const listener = pipeListener(name, socket);
    const http = openHttp({ statPrefix: name, protocol: "http", routeConfigName: name, virtualHost: name, internalCidrs: ["127.0.0.1/32"], ipv6: false });
    http.routeConfig.maxDirectResponseBodySizeBytes = Math.max(...documents.map((it) => Buffer.byteLength(it.body)));
    for (const document of documents) {
      const etag = createHash("sha256").update(document.body).digest("hex");
      const routeName = plan.isUnified ? `${name}_${document.name}` : `${name}:${document.path}`;
      const match = { pathSpecifier: { case: "path" as const, value: document.path } };
      const unchanged = { ...match, headers: [{ name: "If-None-Match", headerMatchSpecifier: { case: "stringMatch" as const, value: { matchPattern: { case: "exact" as const, value: etag } } } }] };
      http.routes.push(
        { plan: undefined, message: create(RouteSchema, { name: plan.isUnified ? `${routeName}_not_modified` : routeName, match: unchanged, action: { case: "directResponse", value: { status: 304 } } }) },
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
