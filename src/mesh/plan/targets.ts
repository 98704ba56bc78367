// Plans of what a destination is called with: confs of every kind, routes, clusters. Shared by all proxies that the same policies select.
import type { Resource, SpecKind } from "#resources";
import { textInterner } from "../intern.ts";
import { confForEveryone, inboundRules } from "../rules/inbound-rules.ts";
import { matchesHash } from "../rules/matches-hash.ts";
import type { MatchedPolicies } from "../rules/matching.ts";
import type { RuleTargets } from "../rules/resolve.ts";
import { resourceRules, ruleForResource, targetKey, type RuleOrigin } from "../rules/resource-rules.ts";
import { ruleForTags } from "../rules/subsets.ts";
import { matchesHashTag, toRules } from "../rules/to-rules.ts";
import { isHttp, type Destination, type ServiceDestination } from "./destinations.ts";
import { resolveBackendRef, type DestinationIndex } from "./outbounds.ts";
import type { ClusterPlan, OutboundConf, PlannedRoute, TargetPlan } from "./plan.ts";
import type { HttpRoute, RouteShaper, WeightedBackend } from "./routes.ts";

/** What can be called in a mesh, and what policies' references mean there. */
export interface Callees {
  readonly destinations: DestinationIndex;
  readonly targets: RuleTargets;
  readonly mesh: Resource;
}

export interface TargetPlanner {
  plan(its: Callees, matched: readonly MatchedPolicies[], destination: Destination): TargetPlan;
  /** Confs for destinations of which no policy says anything of its own. */
  anywhere(its: Callees, matched: readonly MatchedPolicies[]): ReadonlyMap<string, OutboundConf>;
}

/** `policyKinds` in their order of application; `matched` in the same order. */
export function targetPlanner(policyKinds: readonly SpecKind[], shapers: readonly RouteShaper[]): TargetPlanner {
  const internConf = textInterner((value: unknown): OutboundConf => ({ value }), JSON.stringify);

  const confFor = (its: Callees, kindIndex: number, matched: MatchedPolicies, destination: Destination): OutboundConf | undefined => {
    const kind = policyKinds[kindIndex];
    if (!kind || matched.all.length === 0) return undefined;
    if (!kind.policy?.hasTo && !kind.policy?.coversOutbounds) return undefined;
    const value = kind.policy.coversOutbounds
      ? confForEveryone(inboundRules(kind, matched.all))
      : destination.is === "service"
        ? ruleForTags(toRules(kind, matched.all, its.targets), destination.tags)?.conf
        : ruleForResource(resourceRules(kind, matched.all, its.targets), destination.resource, destination.kri.section, its.mesh)?.conf[0];
    return value === undefined ? undefined : internConf(value);
  };

  const confsOf = (its: Callees, matched: readonly MatchedPolicies[], destination: Destination): ReadonlyMap<string, OutboundConf> => {
    const confs = new Map<string, OutboundConf>();
    policyKinds.forEach((kind, at) => {
      const list = matched[at];
      const conf = list && confFor(its, at, list, destination);
      if (conf) confs.set(kind.name, conf);
    });
    return confs;
  };

  const planTarget = (its: Callees, matched: readonly MatchedPolicies[], destination: Destination): TargetPlan => {
    const confs = confsOf(its, matched, destination);
    const traffic = trafficOf(its, matched, destination, confs);
    const backends = traffic.is === "tcp" ? traffic.backends.map((it) => it.destination) : traffic.routes.flatMap(({ route }) => [...route.backends.map((it) => it.destination), ...mirrors(route)]);
    // A destination that speaks HTTP keeps its cluster when a policy sends its bytes elsewhere.
    if (traffic.is === "tcp" && isHttp(destination.protocol)) backends.unshift(destination);
    const clusters = [...new Set(backends)].map((it): ClusterPlan => ({ destination: it, confs: it === destination ? confs : confsOf(its, matched, it) }));
    return { destination, protocol: destination.protocol, confs, traffic, clusters };
  };

  const trafficOf = (its: Callees, matched: readonly MatchedPolicies[], destination: Destination, confs: ReadonlyMap<string, OutboundConf>): TargetPlan["traffic"] => {
    const own: WeightedBackend = { destination, weight: 1 };
    const contextFor = (kind: string) => ({
      destination,
      originOf: (matches: unknown) => routeOrigin(its, matched, kind, destination, matches),
      resolve: (reference: Parameters<typeof resolveBackendRef>[1]) => resolveBackendRef(its.destinations, reference),
    });
    // A policy that only knows bytes turns HTTP into bytes, unless one that knows HTTP speaks for the destination.
    const speaking = shapers.find((it) => confs.has(it.kind));
    if (isHttp(destination.protocol) && (!speaking || speaking.http)) {
      for (const shaper of shapers) {
        const routes = shaper.http?.(confs.get(shaper.kind)?.value, contextFor(shaper.kind));
        if (routes) return { is: "http", routes: routes.map((route) => plannedRoute(its, matched, destination, route, confs)) };
      }
    }
    for (const shaper of shapers) {
      const backends = shaper.tcp?.(confs.get(shaper.kind)?.value, contextFor(shaper.kind));
      if (backends) return { is: "tcp", backends };
    }
    return { is: "tcp", backends: [own] };
  };

  /** The route that a rule with these matches comes from; the older kind of destination has none. */
  const routeOrigin = (its: Callees, matched: readonly MatchedPolicies[], kindName: string, destination: Destination, matches: unknown): RuleOrigin | undefined => {
    const at = policyKinds.findIndex((it) => it.name === kindName);
    const kind = policyKinds[at];
    const list = matched[at];
    if (!kind || !list || destination.is === "service") return undefined;
    const rule = ruleForResource(resourceRules(kind, list.all, its.targets), destination.resource, destination.kri.section, its.mesh);
    return rule?.originByMatches.get(matchesHash(matches));
  };

  /** A policy that targets the route resource itself wins over the one for the destination. */
  const plannedRoute = (its: Callees, matched: readonly MatchedPolicies[], destination: Destination, route: HttpRoute, confs: ReadonlyMap<string, OutboundConf>): PlannedRoute => {
    const own = new Map<string, OutboundConf>();
    policyKinds.forEach((kind, at) => {
      const list = matched[at];
      if (!kind.policy?.hasTo || !list || list.all.length === 0) return;
      const conf = destination.is === "service" ? legacyRouteConf(its, kind, list, destination, route) : resourceRouteConf(its, kind, list, route);
      if (conf !== undefined) own.set(kind.name, internConf(conf));
    });
    return { route, confs: own.size === 0 ? confs : new Map([...confs, ...own]), ownConfs: own };
  };

  const anywhere = (its: Callees, matched: readonly MatchedPolicies[]): ReadonlyMap<string, OutboundConf> => {
    const confs = new Map<string, OutboundConf>();
    policyKinds.forEach((kind, at) => {
      const list = matched[at];
      if (!kind.policy?.hasTo || !list || list.all.length === 0) return;
      const conf = ruleForTags(toRules(kind, list.all, its.targets), {})?.conf;
      if (conf !== undefined) confs.set(kind.name, internConf(conf));
    });
    return confs;
  };

  const resourceRouteConf = (its: Callees, kind: SpecKind, list: MatchedPolicies, { source }: HttpRoute): unknown =>
    source && resourceRules(kind, list.all, its.targets).get(targetKey(source))?.conf[0];

  /** The older way of a policy to mean a route is its top-level reference; rules then carry the hash of matches, which names the route. */
  const legacyRouteConf = (its: Callees, kind: SpecKind, list: MatchedPolicies, destination: ServiceDestination, route: HttpRoute): unknown =>
    list.all.some((it) => it.spec.targetRef?.kind === "MeshHTTPRoute")
      ? ruleForTags(toRules(kind, list.all, its.targets), { ...destination.tags, [matchesHashTag]: route.name })?.conf
      : undefined;

  return { plan: planTarget, anywhere };
}

const mirrors = (route: HttpRoute): Destination[] => route.filters.flatMap((it) => (it.requestMirror?.backend ? [it.requestMirror.backend] : []));
