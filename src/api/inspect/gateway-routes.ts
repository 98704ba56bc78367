// Where a builtin gateway sends requests by its MeshGateway and MeshGatewayRoutes: listeners, their hostnames, routes there and destinations.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import {
  MeshGateway_Listener_Protocol as Protocol, MeshGatewayRoute_HttpRoute_Match_Path_MatchType as PathMatch, type MeshGateway_Listener as Listener, type MeshGatewayRoute,
  type MeshGatewayRoute_HttpRoute_Rule as HttpRule,
} from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import type { MeshView } from "#mesh";
import type { Labels, Resource } from "#resources";
import { fitsTags, servedGateway } from "./matched.ts";

/** One entry of Envoy's route table. */
export interface GatewayRoute {
  readonly route: string;
  readonly mirrors: readonly Labels[];
  readonly backends: readonly Labels[];
}

export interface GatewayHost {
  readonly hostname: string;
  /** Tags by which older policies know the gateway as a caller. */
  readonly tags: Labels;
  readonly routes: readonly GatewayRoute[];
}

export interface GatewayPort {
  readonly port: number;
  readonly protocol: string;
  readonly hosts: readonly GatewayHost[];
}

export function listenerTags(view: MeshView, dataplane: Resource<Dataplane>): readonly Labels[] {
  const gateway = servedGateway(view, dataplane);
  return gateway?.spec.conf?.listeners.map((it) => ({ ...dataplane.spec.networking?.gateway?.tags, ...gateway.spec.tags, ...it.tags })) ?? [];
}

/** By port; what has several listeners on one is one. */
export function gatewayPorts(view: MeshView, dataplane: Resource<Dataplane>): readonly GatewayPort[] {
  const tags = listenerTags(view, dataplane);
  const listeners = (servedGateway(view, dataplane)?.spec.conf?.listeners ?? []).map((listener, at) => ({ listener, tags: tags[at] ?? {} }));
  return [...Map.groupBy(listeners, (it) => it.listener.port)]
    .toSorted(([a], [b]) => a - b)
    .map(([port, all]) => ({ port, protocol: Protocol[all[0]?.listener.protocol ?? Protocol.NONE], hosts: all.flatMap((it) => hostsOf(view, it.listener, it.tags)) }));
}

/** The listener's own hostname, and those of routes that narrow it. */
function hostsOf(view: MeshView, listener: Listener, tags: Labels): readonly GatewayHost[] {
  const own = listener.hostname || "*";
  const byHostname = new Map<string, GatewayRoute[]>([[own, []]]);
  const routes = (view.list("MeshGatewayRoute") as readonly Resource<MeshGatewayRoute>[]).filter((it) => it.spec.selectors.some(({ match }) => fitsTags(match, tags)));
  for (const route of routes.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const entries = routeEntries(route, listener);
    if (entries.length === 0) continue;
    for (const hostname of new Set(hostnamesOf(route).flatMap((it) => meet(own, it)))) byHostname.set(hostname, [...(byHostname.get(hostname) ?? []), ...entries]);
  }
  return [...byHostname].map(([hostname, found]) => ({ hostname, tags, routes: found }));
}

function hostnamesOf({ spec: { conf } }: Resource<MeshGatewayRoute>): readonly string[] {
  const hostnames = conf?.route.case === "http" ? conf.route.value.hostnames : [];
  return hostnames.length > 0 ? hostnames : ["*"];
}

/** The hostnames that both mean: the narrower of the two, or nothing. */
function meet(listener: string, route: string): readonly string[] {
  if (covers(route, listener)) return [listener];
  return covers(listener, route) ? [route] : [];
}

const covers = (wide: string, narrow: string): boolean => wide === "*" || wide === narrow || (wide.startsWith("*.") && narrow.endsWith(wide.slice(1)));

function routeEntries({ name, spec: { conf } }: Resource<MeshGatewayRoute>, { protocol }: Listener): readonly GatewayRoute[] {
  const isHttp = protocol === Protocol.HTTP || protocol === Protocol.HTTPS;
  if (conf?.route.case === "http" && isHttp) return conf.route.value.rules.flatMap((rule) => httpEntries(name, rule));
  if (conf?.route.case === "tcp" && !isHttp) return conf.route.value.rules.map((rule) => ({ route: name, mirrors: [], backends: rule.backends.map((it) => it.destination) }));
  return [];
}

/** A prefix is two entries for Envoy: the path itself and what lies below it. */
function httpEntries(route: string, { matches, filters, backends }: HttpRule): readonly GatewayRoute[] {
  const mirrors = filters.flatMap(({ filter }) => (filter.case === "mirror" && filter.value.backend ? [filter.value.backend.destination] : []));
  const entry = { route, mirrors, backends: backends.map((it) => it.destination) };
  return matches.flatMap(({ path }) => (path?.match === PathMatch.PREFIX && path.value !== "/" ? [entry, entry] : [entry]));
}
