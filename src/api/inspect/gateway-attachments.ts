// The older pages about policies, for builtin gateways: what holds for the gateway, and what for each destination of its routes (spec/api.md 2.7).
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { MeshView } from "#mesh";
import { printMeta, tag, type Labels, type Resource } from "#resources";
import { gatewayPorts, type GatewayHost, type GatewayRoute } from "./gateway-routes.ts";
import { servedGateway } from "./matched.ts";
import { closestFor, closestOf, passThrough } from "./older-policies.ts";
import type { InspectionParts } from "./parts.ts";

const kindsOfDestination = ["CircuitBreaker", "HealthCheck", "RateLimit", "Retry", "Timeout"];

/** `policies` of one gateway. */
export function gatewayPolicies(parts: InspectionParts, view: MeshView, dataplane: Resource<Dataplane>) {
  const print = (policies: readonly (Resource | undefined)[]) =>
    Object.fromEntries(
      policies.flatMap((policy) => {
        const kind = policy && parts.kinds.byName(policy.type);
        return policy && kind ? [[policy.type, printMeta(kind, policy, policy.type)]] : [];
      }),
    );
  const destinationsOf = (host: GatewayHost, routes: readonly GatewayRoute[]) =>
    routes.flatMap(shownDestinations).toSorted(byTags).map((tags) => ({ tags, policies: print(kindsOfDestination.map((kind) => closestFor(view, kind, host.tags, tags))) }));
  const listeners = gatewayPorts(view, dataplane).map(({ port, protocol, hosts }) => ({
    port,
    protocol,
    hosts: hosts.toSorted((a, b) => (a.hostname < b.hostname ? -1 : 1)).map((host) => ({
      hostName: host.hostname,
      routes: [...Map.groupBy(host.routes, (it) => it.route)].map(([route, entries]) => ({ route, destinations: destinationsOf(host, entries) })).filter((it) => it.destinations.length > 0),
    })),
  }));
  const policies = print(ofGateway(view, dataplane));
  return { kind: "MeshGatewayDataplane", gateway: nameOf(servedGateway(view, dataplane)), listeners, ...(Object.keys(policies).length > 0 ? { policies } : {}) };
}

/** The item of one gateway among those that a policy is attached to, if it is. */
export function gatewayAttachments(view: MeshView, dataplane: Resource<Dataplane>, policy: Resource): readonly object[] {
  const item = { kind: "MeshGatewayDataplane", dataplane: nameOf(dataplane), gateway: nameOf(servedGateway(view, dataplane)) };
  if (ofGateway(view, dataplane).includes(policy)) return [item];
  if (!kindsOfDestination.includes(policy.type)) return [];
  const listeners = gatewayPorts(view, dataplane).flatMap(({ port, protocol, hosts }) => {
    const attached = hosts.toSorted(narrowFirst).flatMap((host) => {
      const routes = host.routes.flatMap(({ route, mirrors, backends }) => {
        const held = [...mirrors, ...backends].filter((it) => closestFor(view, policy.type, host.tags, it) === policy);
        return held.length > 0 ? [{ route, destinations: held }] : [];
      });
      return routes.length > 0 ? [{ hostName: host.hostname, routes }] : [];
    });
    return attached.length > 0 ? [{ port, protocol, hosts: attached }] : [];
  });
  return listeners.length > 0 ? [{ ...item, listeners }] : [];
}

/** What holds for the gateway as a whole. */
function ofGateway(view: MeshView, dataplane: Resource<Dataplane>): readonly (Resource | undefined)[] {
  const tags = dataplane.spec.networking?.gateway?.tags ?? {};
  return [closestFor(view, "TrafficLog", tags, { [tag.service]: passThrough }), closestOf(view, "TrafficTrace", tags)];
}

/** Of several backends of one entry this page has ever shown the last. */
const shownDestinations = ({ mirrors, backends }: GatewayRoute): readonly Labels[] => [...mirrors, ...backends.slice(-1)];

/** A gateway that serves no MeshGateway has an empty name here. */
const nameOf = (resource: Resource | undefined) => ({ mesh: resource?.mesh ?? "", name: resource?.name ?? "" });

const textOf = (tags: Labels): string => Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`).join(",");
const byTags = (a: Labels, b: Labels): number => (textOf(a) < textOf(b) ? -1 : 1);

/** Exact names, then wildcards, then everything. */
const breadth = (hostname: string): number => (hostname === "*" ? 2 : hostname.startsWith("*.") ? 1 : 0);
const narrowFirst = (a: GatewayHost, b: GatewayHost): number => breadth(a.hostname) - breadth(b.hostname) || (a.hostname < b.hostname ? -1 : 1);
