// An HTTP connection manager while it is made: filters in order, one virtual host with routes.
import { create } from "@bufbuild/protobuf";
import { CidrRangeSchema, type CidrRange } from "#gen/envoy/config/core/v3/address_pb.js";
import { RouteConfigurationSchema, type RouteConfiguration } from "#gen/envoy/config/route/v3/route_pb.js";
import type { Route } from "#gen/envoy/config/route/v3/route_components_pb.js";
import {
  HttpConnectionManagerSchema, HttpConnectionManager_ForwardClientCertDetails as ForwardClientCert, HttpFilterSchema, type HttpConnectionManager,
} from "#gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { FilterConfigSchema as GrpcStatsSchema } from "#gen/envoy/extensions/filters/http/grpc_stats/v3/config_pb.js";
import { RouterSchema } from "#gen/envoy/extensions/filters/http/router/v3/router_pb.js";
import type { HttpRoute, OutboundConf, Protocol } from "#mesh";
import { pack, packTyped, typed, type Typed } from "../any.ts";
import { sanitised } from "../names.ts";

export interface RouteDraft {
  readonly message: Route;
  /** The route of the plan it was made from; undefined for an inbound's only route. */
  readonly plan: HttpRoute | undefined;
  /** Of kinds that speak of the route itself. */
  readonly ownConfs?: ReadonlyMap<string, OutboundConf>;
}

export interface HttpDraft {
  readonly message: HttpConnectionManager;
  /** Filters before the router, in order. */
  readonly filters: Typed[];
  readonly routeConfig: RouteConfiguration;
  readonly routes: RouteDraft[];
}

export interface HttpOptions {
  readonly statPrefix: string;
  readonly protocol: Protocol;
  readonly routeConfigName: string;
  readonly virtualHost: string;
  readonly internalCidrs: readonly string[];
  readonly ipv6: boolean;
}

/** Internal addresses of listeners that only this machine calls. */
export const loopbackCidrs: readonly string[] = ["127.0.0.1/32", "::1/128"];

export function openHttp(options: HttpOptions): HttpDraft {
  const message = create(HttpConnectionManagerSchema, {
    statPrefix: sanitised(options.statPrefix),
    internalAddressConfig: { cidrRanges: cidrRanges(options.internalCidrs, options.ipv6) },
  });
  const routeConfig = create(RouteConfigurationSchema, {
    name: options.routeConfigName,
    validateClusters: false,
    virtualHosts: [{ name: options.virtualHost, domains: ["*"] }],
  });
  const filters = options.protocol === "grpc" ? [typed("envoy.filters.http.grpc_stats", GrpcStatsSchema, { emitFilterState: true })] : [];
  return { message, filters, routeConfig, routes: [] };
}

/** Tells the workload who called (its URI), and forgets what the caller claimed. */
export function forwardClientCertificate(http: HttpDraft): void {
  http.message.forwardClientCertDetails = ForwardClientCert.SANITIZE_SET;
  const details = create(HttpConnectionManagerSchema, { setCurrentClientCertDetails: { uri: true } }).setCurrentClientCertDetails;
  if (details) http.message.setCurrentClientCertDetails = details;
}

/** Ranges whose addresses count as internal; IPv6 ones only for a proxy that has it. */
function cidrRanges(cidrs: readonly string[], ipv6: boolean): CidrRange[] {
  return cidrs
    .filter((cidr) => ipv6 || !cidr.includes(":"))
    .map((cidr) => {
      const [addressPrefix = "", prefixLen] = cidr.split("/");
      return create(CidrRangeSchema, { addressPrefix, prefixLen: Number(prefixLen) });
    });
}

export function packHttp(http: HttpDraft) {
  const virtualHost = http.routeConfig.virtualHosts[0];
  virtualHost?.routes.push(...http.routes.map((it) => it.message));
  http.message.routeSpecifier = { case: "routeConfig", value: http.routeConfig };
  const filters = [...http.filters, typed("envoy.filters.http.router", RouterSchema, {})];
  http.message.httpFilters = filters.map((it) => create(HttpFilterSchema, { name: it.name, configType: { case: "typedConfig", value: packTyped(it) } }));
  return pack(HttpConnectionManagerSchema, http.message);
}
