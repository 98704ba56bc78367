// What the first generation of policies is attached to: by tags of the proxy, its inbounds, its outbounds and the services behind them.
import { Dataplane_Networking_Gateway_GatewayType as GatewayType, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { inboundsOf, memoOn, type MeshView } from "#mesh";
import { KumaError, tag, type Kinds, type Labels, type Resource } from "#resources";
import { fitsTags as fits } from "./matched.ts";
import { proxyFor, type InspectionParts } from "./parts.ts";

interface Selector {
  readonly match: Labels;
}

interface OlderPolicy {
  readonly selectors?: readonly Selector[];
  readonly sources?: readonly Selector[];
  readonly destinations?: readonly Selector[];
}

export interface Attachment {
  readonly type: "dataplane" | "inbound" | "outbound" | "service";
  /** Address and port, or the service; absent for the proxy as a whole. */
  readonly name?: string;
  readonly service?: string;
}

export interface Attached {
  readonly attachment: Attachment;
  readonly policies: readonly Resource[];
}

/** Where each kind takes hold. A rate limit holds where requests arrive, and where they leave for the service it names. */
const places: ReadonlyMap<string, readonly Attachment["type"][]> = new Map<string, readonly Attachment["type"][]>([
  ["ProxyTemplate", ["dataplane"]], ["TrafficTrace", ["dataplane"]],
  ["FaultInjection", ["inbound"]], ["TrafficPermission", ["inbound"]], ["RateLimit", ["inbound", "outbound"]],
  ["Timeout", ["outbound"]], ["TrafficRoute", ["outbound"]],
  ["CircuitBreaker", ["service"]], ["HealthCheck", ["service"]], ["Retry", ["service"]], ["TrafficLog", ["service"]],
]);

/** Kinds of which everything that fits holds; of the others the closest. */
const cumulative: ReadonlySet<string> = new Set(["FaultInjection", "RateLimit"]);

export const olderPolicyKinds = (kinds: Kinds): readonly string[] => kinds.all.filter((it) => it.isPolicy && !it.policy?.isTargetRef).map((it) => it.name);

/** In the order of the pages: the proxy, its inbounds, its outbounds, the services it calls. */
export function olderAttachments(parts: InspectionParts, view: MeshView, dataplane: Resource<Dataplane>): readonly Attached[] {
  const kindsAt = (type: Attachment["type"]) => [...places].filter(([, at]) => at.includes(type)).map(([kind]) => kind);
  const sets = tagSets(dataplane);
  const found = (attachment: Attachment, destination: Labels | undefined): Attached => ({
    attachment,
    policies: kindsAt(attachment.type).flatMap((kind) => (destination ? between(view, kind, attachment.type === "inbound" ? undefined : sets, destination) : onProxy(view, kind, sets))),
  });
  const inbounds = inboundsOf(dataplane).map(({ address, port, workloadPort, tags }) => found({ type: "inbound", name: `${address}:${port}:${workloadPort}`, service: tags[tag.service] ?? "" }, tags));
  const outbounds = calledServices(parts, view, dataplane);
  const calls = outbounds.map(({ name, service }) => found({ type: "outbound", name, service }, { [tag.service]: service }));
  const services = [...new Set(outbounds.map((it) => it.service))].toSorted().map((service) => found({ type: "service", name: service, service }, { [tag.service]: service }));
  return [found({ type: "dataplane" }, undefined), ...inbounds, ...calls, ...services].filter((it) => it.policies.length > 0);
}

export interface CalledService {
  /** Address and port. */
  readonly name: string;
  readonly service: string;
  /** The address by name, where the proxy resolves one. */
  readonly hostnames: readonly string[];
}

/** Addresses a proxy calls by the older service name, with that name, in order. */
export function calledServices(parts: InspectionParts, view: MeshView, dataplane: Resource<Dataplane>): readonly CalledService[] {
  const { networking } = dataplane.spec;
  if (networking?.gateway?.type === GatewayType.BUILTIN) return [];
  const listed = (networking?.outbound ?? []).map((it) => ({ name: `${it.address || "127.0.0.1"}:${it.port}`, service: it.tags[tag.service] ?? "", hostnames: [] }));
  const named = networking?.transparentProxying ? plannedOutbounds(parts, view, dataplane) : listed.filter((it) => it.service !== "");
  return named.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** A proxy that cannot be planned has no outbounds to show. */
function plannedOutbounds(parts: InspectionParts, view: MeshView, dataplane: Resource<Dataplane>): readonly CalledService[] {
  try {
    const { outbounds, dns } = parts.planner.plan(view, proxyFor(parts, dataplane));
    return outbounds.flatMap(({ address, port, target: { destination } }) => {
      const service = destination.is === "service" ? destination.tags[tag.service] : undefined;
      return service ? [{ name: `${address}:${port}`, service, hostnames: dns.filter((it) => it.addresses.includes(address)).map((it) => `${it.name}:${port}`) }] : [];
    });
  } catch (error) {
    if (error instanceof KumaError) return [];
    throw error;
  }
}

/** True when the proxy is among those a policy selects, at either end of a connection. */
export function olderPolicySelects(policy: Resource, dataplane: Resource<Dataplane>): boolean {
  const { selectors = [], sources = [], destinations = [] } = policy.spec as OlderPolicy;
  const sets = tagSets(dataplane);
  return [...selectors, ...sources, ...destinations].some(({ match }) => sets.some((tags) => fits(match, tags)));
}

const tagSets = ({ spec: { networking } }: Resource<Dataplane>): readonly Labels[] => [
  ...(networking?.gateway ? [networking.gateway.tags] : []),
  ...(networking?.inbound.map((it) => it.tags) ?? []),
];

function onProxy(view: MeshView, kind: string, sets: readonly Labels[]): readonly Resource[] {
  const ranked = newestFirst(view.list(kind)).flatMap((policy) => {
    const ranks = ((policy.spec as OlderPolicy).selectors ?? []).filter(({ match }) => sets.some((tags) => fits(match, tags))).map(({ match }) => rankOf(match));
    return ranks.length > 0 ? [{ policy, rank: Math.max(...ranks) }] : [];
  });
  return closest(ranked);
}

/** `callers` are the tags of whoever calls; undefined when any caller will do. */
function between(view: MeshView, kind: string, callers: readonly Labels[] | undefined, destination: Labels): readonly Resource[] {
  const ranked = newestFirst(view.list(kind)).flatMap((policy) => {
    const { sources = [], destinations = [] } = policy.spec as OlderPolicy;
    const from = callers ? sources.filter(({ match }) => callers.some((tags) => fits(match, tags))) : sources;
    // An outbound has no tags but its service: what else a destination asks for is asked at the other end.
    const to = destinations.filter(({ match }) => fits(callers ? serviceOnly(match) : match, destination));
    if (from.length === 0 || to.length === 0) return [];
    return [{ policy, rank: Math.max(...from.map((it) => rankOf(it.match))) + Math.max(...to.map((it) => rankOf(it.match))) }];
  });
  return cumulative.has(kind) ? ranked.map((it) => it.policy) : closest(ranked);
}

const serviceOnly = (match: Labels): Labels => (match[tag.service] === undefined ? {} : { [tag.service]: match[tag.service] ?? "" });

/** More tags win, and named values over `*`. */
const rankOf = (match: Labels): number => Object.values(match).reduce((sum, value) => sum + (value === "*" ? 1 : 1000), 0);

function closest(ranked: readonly { readonly policy: Resource; readonly rank: number }[]): readonly Resource[] {
  const best = ranked.reduce<(typeof ranked)[number] | undefined>((known, it) => (!known || it.rank > known.rank ? it : known), undefined);
  return best ? [best.policy] : [];
}

const newestFirst = memoOn((policies: readonly Resource[]): readonly Resource[] => policies.toSorted((a, b) => b.creationTime - a.creationTime || (a.name < b.name ? -1 : 1)));
