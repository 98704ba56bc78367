// What the first generation of policies is attached to: by tags of the proxy, its inbounds, its outbounds and the services behind them.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { inboundsOf, memoOn, type MeshView } from "#mesh";
import { KumaError, tag, type Kinds, type Labels, type Resource } from "#resources";
import { fitsTags as fits, isBuiltinGateway, rankOf } from "./matched.ts";
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

/** The service behind which everything lies that is no service of the mesh: calls to it are logged too. */
export const passThrough = "pass_through";

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
  const called = new Set(outbounds.map((it) => it.service));
  const services = [...called].map((service) => found({ type: "service", name: service, service }, { [tag.service]: service }));
  const logged = { attachment: { type: "service", name: passThrough, service: passThrough }, policies: between(view, "TrafficLog", sets, { [tag.service]: passThrough }) } as const;
  const byService = [...services, ...(called.has(passThrough) || isBuiltinGateway(dataplane) ? [] : [logged])].toSorted((a, b) => ((a.attachment.name ?? "") < (b.attachment.name ?? "") ? -1 : 1));
  return [found({ type: "dataplane" }, undefined), ...inbounds, ...calls, ...byService].filter((it) => it.policies.length > 0);
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
  if (isBuiltinGateway(dataplane)) return [];
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
  const ranked = ranksBetween(view, kind, callers, destination);
  return cumulative.has(kind) ? ranked.map((it) => it.policy) : closest(ranked);
}

/** The policy of a kind for calls of a builtin gateway; of rate limits too only the closest holds there. */
export const closestFor = (view: MeshView, kind: string, caller: Labels, destination: Labels): Resource | undefined => closest(ranksBetween(view, kind, [caller], destination))[0];

/** The policy of a kind for a proxy by its tags. */
export const closestOf = (view: MeshView, kind: string, tags: Labels): Resource | undefined => onProxy(view, kind, [tags])[0];

interface Ranked {
  readonly policy: Resource;
  readonly rank: number;
}

function ranksBetween(view: MeshView, kind: string, callers: readonly Labels[] | undefined, destination: Labels): readonly Ranked[] {
  return newestFirst(view.list(kind)).flatMap((policy) => {
    const { sources = [], destinations = [] } = policy.spec as OlderPolicy;
    const from = callers ? sources.filter(({ match }) => callers.some((tags) => fits(match, tags))) : sources;
    // An outbound has no tags but its service: what else a destination asks for is asked at the other end.
    const to = destinations.filter(({ match }) => fits(callers ? serviceOnly(match) : match, destination));
    if (from.length === 0 || to.length === 0) return [];
    return [{ policy, rank: Math.max(...from.map((it) => rankOf(it.match))) + Math.max(...to.map((it) => rankOf(it.match))) }];
  });
}

const serviceOnly = (match: Labels): Labels => (match[tag.service] === undefined ? {} : { [tag.service]: match[tag.service] ?? "" });

function closest(ranked: readonly Ranked[]): readonly Resource[] {
  const best = ranked.reduce<Ranked | undefined>((known, it) => (!known || it.rank > known.rank ? it : known), undefined);
  return best ? [best.policy] : [];
}

const newestFirst = memoOn((policies: readonly Resource[]): readonly Resource[] => policies.toSorted((a, b) => b.creationTime - a.creationTime || (a.name < b.name ? -1 : 1)));
