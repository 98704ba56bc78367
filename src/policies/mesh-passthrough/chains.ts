// Filter chains of a passthrough listener: one for each address or TLS name, one for each port of HTTP, which tells hosts apart by routes.
import { create } from "@bufbuild/protobuf";
import { CidrRangeSchema, type CidrRange } from "#gen/envoy/config/core/v3/address_pb.js";
import { FilterChainMatchSchema, ListenerFilterChainMatchPredicateSchema, ListenerFilterSchema, type ListenerFilter, type ListenerFilterChainMatchPredicate } from "#gen/envoy/config/listener/v3/listener_components_pb.js";
import { VirtualHostSchema, type VirtualHost } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { HttpInspectorSchema } from "#gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js";
import { OriginalDstSchema } from "#gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js";
import { TlsInspectorSchema } from "#gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js";
import { chain, openHttp, packNew, tcpProxy, type ChainDraft, type PassthroughPlace } from "#envoy";
import { isDomain, isHttpMatch, matchName, sharedName, type PortMatch } from "./matches.ts";

/** `matches` are those of one address family, sorted. */
export function chainsFor(matches: readonly PortMatch[], place: PassthroughPlace): readonly ChainDraft[] {
  const byName = Map.groupBy(matches, (it) => (isHttpMatch(it) && isDomain(it) ? sharedName(it) : matchName(it)));
  return [...byName].flatMap(([name, its]) => {
    const [first] = its;
    if (!first) return [];
    if (!isHttpMatch(first)) return [chain({ name, match: chainMatch(first), terminal: { is: "tcp", proxy: tcpProxy(name, [{ name, weight: 1 }]) } })];
    return [chain({ name, match: chainMatch(first), terminal: { is: "http", http: httpFor(name, its, place) } })];
  });
}

function chainMatch(match: PortMatch) {
  const message = create(FilterChainMatchSchema, { transportProtocol: match.protocol === "tls" ? "tls" : "raw_buffer", prefixRanges: isDomain(match) ? [] : [rangeOf(match.value)] });
  if (match.port !== undefined) message.destinationPort = match.port;
  if (match.protocol === "tls" && isDomain(match) && match.value !== "*") message.serverNames.push(match.value);
  if (isHttpMatch(match)) message.applicationProtocols.push("http/1.1", "h2c");
  return message;
}

function rangeOf(value: string): CidrRange {
  const [address = "", length] = value.split("/");
  const bits = Number(length ?? (address.includes(":") ? 128 : 32));
  return create(CidrRangeSchema, { addressPrefix: length === undefined || address.includes(":") ? address : masked(address, bits), prefixLen: bits });
}

/** The network's own address: `10.1.2.3/8` means `10.0.0.0/8`. */
function masked(address: string, bits: number): string {
  return address.split(".").map((byte, at) => Number(byte) & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * at))) & 0xff).join(".");
}

function httpFor(name: string, matches: readonly PortMatch[], place: PassthroughPlace) {
  const http = openHttp({ statPrefix: name, protocol: "http", routeConfigName: name, virtualHost: name, internalCidrs: place.internalCidrs, ipv6: place.ipv6 });
  delete http.routeConfig.validateClusters;
  http.routeConfig.virtualHosts = matches.map(virtualHost);
  // A host of `*` takes all there is.
  if (matches.every((it) => isDomain(it) && it.value !== "*")) http.routeConfig.virtualHosts.push(noMatch());
  return http;
}

function virtualHost(match: PortMatch): VirtualHost {
  const domains = isDomain(match) ? [match.value, `${match.value}:${match.port ?? "*"}`] : ["*"];
  return create(VirtualHostSchema, {
    name: match.value, domains, routes: [{ match: { pathSpecifier: { case: "prefix", value: "/" } }, action: { case: "route", value: { clusterSpecifier: { case: "cluster", value: matchName(match) } } } }],
  });
}

const explanation = "This response comes from Kuma Sidecar. No routes matched this domain - check configuration of your MeshPassthrough policy.\n";

const noMatch = (): VirtualHost =>
  create(VirtualHostSchema, {
    name: "no_match", domains: ["*"],
    routes: [{ match: { pathSpecifier: { case: "prefix", value: "/" } }, action: { case: "directResponse", value: { status: 503, body: { specifier: { case: "inlineString", value: explanation } } } } }],
  });

/** Where a connection was going, whether it is TLS, whether it is HTTP. Ports of MySQL are not looked into. */
export function inspectors(matches: readonly PortMatch[]): readonly ListenerFilter[] {
  const rules = matches.flatMap(({ protocol, port }) => (protocol === "mysql" && port !== undefined ? [onPort(port)] : []));
  const [first, second] = rules;
  const filterDisabled = second ? create(ListenerFilterChainMatchPredicateSchema, { rule: { case: "orMatch", value: { rules } } }) : first;
  const filter = (name: string, value: ReturnType<typeof packNew>, disabled?: ListenerFilterChainMatchPredicate) =>
    create(ListenerFilterSchema, { name: `envoy.filters.listener.${name}`, configType: { case: "typedConfig", value }, ...(disabled ? { filterDisabled: disabled } : {}) });
  return [filter("original_dst", packNew(OriginalDstSchema, {})), filter("tls_inspector", packNew(TlsInspectorSchema, {}), filterDisabled), filter("http_inspector", packNew(HttpInspectorSchema, {}), filterDisabled)];
}

const onPort = (port: number) => create(ListenerFilterChainMatchPredicateSchema, { rule: { case: "destinationPortRange", value: { start: port, end: port + 1 } } });
