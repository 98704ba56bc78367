// Makes plans: matches policies to a proxy, finds what it may call, shapes routes. Everything shared is computed once per scope.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { Mesh_MeshServices_Mode as ServicesMode } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { kriOf, type Kind, type Kri, type Resource, type SpecKind } from "#resources";
import type { MeshIdentity } from "#resources/kinds";
import { listInterner, memoOn, memoOnBoth } from "../intern.ts";
import { fromRules } from "../rules/from-rules.ts";
import { confForEveryone, inboundRules } from "../rules/inbound-rules.ts";
import { matchesHash } from "../rules/matches-hash.ts";
import { inboundKey, matcher, matchPolicies, type MatchedPolicies } from "../rules/matching.ts";
import type { PolicyResource } from "../rules/policies.ts";
import type { RuleTargets } from "../rules/resolve.ts";
import { resourceRules, ruleForResource, targetKey, type RuleOrigin } from "../rules/resource-rules.ts";
import { singleRule } from "../rules/single-rule.ts";
import { ruleForTags } from "../rules/subsets.ts";
import { matchesHashTag, toRules } from "../rules/to-rules.ts";
import type { MeshView } from "../view.ts";
import { isHttp, protocolsInterner, resourceDestinations, serviceDestinations, type Destination, type ServiceDestination } from "./destinations.ts";
import { trustedDomains } from "./identity.ts";
import { inboundsOf, type Inbound } from "./inbounds.ts";
import { meshTlsPlanner } from "./mesh-tls.ts";
import type { MeshServiceResource } from "./mesh-service.ts";
import { resolveBackendRef, virtualOutbounds, type DestinationIndex, type Outbound } from "./outbounds.ts";
import { callable, planOutbounds, reachableRecords, type Callable } from "./shared-outbounds.ts";
import { legacyVips, vipConfigName } from "./vips.ts";
import type { ClusterPlan, DnsRecord, InboundConf, OutboundConf, Plan, PlannedInbound, PlannedOutbound, ProxyConf, TargetPlan } from "./plan.ts";
import { effectiveTraits, feature, traitsInterner, type Proxy } from "./proxy.ts";
import type { HttpRoute, RouteShaper, WeightedBackend } from "./routes.ts";

export interface PlannerOptions {
  /** Policy kinds in their order of application. */
  readonly policyKinds: readonly SpecKind[];
  readonly kindOf: (name: string) => Kind | undefined;
  readonly shapers: readonly RouteShaper[];
}

/** All that plans of a mesh depend on, save the proxy itself. Equal scopes are one object: nothing has to be planned anew. */
export type Scope = readonly object[];

export interface PlanOptions {
  /** Policies marked as shadow take part only when asked for. */
  readonly includeShadow?: boolean;
  /** The proxy stays with the Mesh's certificate although a MeshIdentity selects it: not everybody trusts that one yet. */
  readonly holdsBackIdentity?: boolean;
}

export interface Planner {
  scopeOf(view: MeshView): Scope;
  plan(view: MeshView, proxy: Proxy, options?: PlanOptions): Plan;
}

const destinationKinds = ["MeshService", "MeshExternalService", "MeshMultiZoneService"];
const noRecords: readonly DnsRecord[] = [];
const noConf: OutboundConf | undefined = undefined;

export function createPlanner({ policyKinds, kindOf, shapers }: PlannerOptions): Planner {
  const protocolsOf = protocolsInterner();
  const serviceDestination = serviceDestinations();
  const portsOf = resourceDestinations(kindOf);
  const internScope = listInterner<object>();
  const internText = interner((text: string) => ({ text }), (text) => text);
  const tlsFor = meshTlsPlanner();
  const internLists = listInterner<object>();
  const internConf = interner((value: unknown): OutboundConf => ({ value }), JSON.stringify);

  const scopeOf = memoOn((view: MeshView): Scope =>
    internScope([
      view.mesh,
      view.settings,
      protocolsOf(view.list("Dataplane")),
      ...policyKinds.map((kind) => view.list(kind.name)),
      ...destinationKinds.map((kind) => view.list(kind)),
      internText(identityText(view.list("MeshIdentity"))),
      internText(JSON.stringify([...trustedDomains(view.list("MeshTrust")).keys()])),
      vipConfig(view) ?? view.settings,
    ]),
  );

  /** What all proxies of a scope share. Made from the first view with the scope; later ones are equal in all it reads. */
  const shared = new WeakMap<Scope, Shared>();
  const sharedOf = (view: MeshView): Shared => {
    const scope = scopeOf(view);
    let found = shared.get(scope);
    if (!found) {
      found = openShared(view);
      shared.set(scope, found);
    }
    return found;
  };

  const openShared = (view: MeshView): Shared => {
    const targets: RuleTargets = { mesh: view.mesh, byKind: (kind) => (kind === "Mesh" ? [view.mesh] : view.list(kind)) };
    return { view, callable: callableOf(view), targets, byPolicies: new WeakMap(), plans: new WeakMap(), heldPlans: new WeakMap() };
  };

  /** A changed policy leaves what can be called as it is. */
  const knownCallable = new WeakMap<readonly object[], Callable>();
  const callableOf = (view: MeshView): Callable => {
    const protocols = protocolsOf(view.list("Dataplane"));
    const key = internScope([protocols, view.settings, ...destinationKinds.map((kind) => view.list(kind)), vipConfig(view) ?? view.settings]);
    let found = knownCallable.get(key);
    if (!found) {
      const resources = destinationKinds.flatMap((kind) => view.list(kind)).flatMap((it) => portsOf(it as MeshServiceResource));
      const destinations: DestinationIndex = { resources, service: (tags) => serviceDestination(tags, protocols.get(tags["kuma.io/service"] ?? "") ?? "unknown") };
      const vips = legacyVips(vipConfig(view));
      found = callable({ destinations, virtual: virtualOutbounds(destinations, vips, view.settings.serviceVipPort), dns: dnsRecords(view, vips) });
      knownCallable.set(key, found);
    }
    return found;
  };

  /** Plans of outbounds, shared by all proxies that the same policies select. */
  const outboundsFor = (its: Shared, matched: readonly MatchedPolicies[]): ((outbounds: readonly Outbound[]) => readonly PlannedOutbound[]) => {
    const lists = internLists(matched.map((it) => it.all));
    let planned = its.byPolicies.get(lists);
    if (!planned) {
      planned = planOutbounds(memoOn((destination: Destination) => planTarget(its, matched, destination)));
      its.byPolicies.set(lists, planned);
    }
    return planned;
  };

  const confFor = (its: Shared, kindIndex: number, matched: MatchedPolicies, destination: Destination): OutboundConf | undefined => {
    const kind = policyKinds[kindIndex];
    if (!kind || matched.all.length === 0) return noConf;
    if (!kind.policy?.hasTo && !kind.policy?.coversOutbounds) return noConf;
    const value = kind.policy.coversOutbounds
      ? confForEveryone(inboundRules(kind, matched.all))
      : destination.is === "service"
        ? ruleForTags(toRules(kind, matched.all, its.targets), destination.tags)?.conf
        : ruleForResource(resourceRules(kind, matched.all, its.targets), destination.resource, destination.kri.section, its.view.mesh)?.conf[0];
    return value === undefined ? noConf : internConf(value);
  };

  const confsOf = (its: Shared, matched: readonly MatchedPolicies[], destination: Destination): ReadonlyMap<string, OutboundConf> => {
    const confs = new Map<string, OutboundConf>();
    policyKinds.forEach((kind, at) => {
      const list = matched[at];
      const conf = list && confFor(its, at, list, destination);
      if (conf) confs.set(kind.name, conf);
    });
    return confs;
  };

  const planTarget = (its: Shared, matched: readonly MatchedPolicies[], destination: Destination): TargetPlan => {
    const confs = confsOf(its, matched, destination);
    const traffic = trafficOf(its, matched, destination, confs);
    const backends = traffic.is === "tcp" ? traffic.backends.map((it) => it.destination) : traffic.routes.flatMap(({ route }) => [...route.backends.map((it) => it.destination), ...mirrors(route)]);
    // A destination that speaks HTTP keeps its cluster when a policy sends its bytes elsewhere.
    if (traffic.is === "tcp" && isHttp(destination.protocol)) backends.unshift(destination);
    const clusters = [...new Set(backends)].map((it): ClusterPlan => ({ destination: it, confs: it === destination ? confs : confsOf(its, matched, it) }));
    return { destination, protocol: destination.protocol, confs, traffic, clusters };
  };

  const trafficOf = (its: Shared, matched: readonly MatchedPolicies[], destination: Destination, confs: ReadonlyMap<string, OutboundConf>): TargetPlan["traffic"] => {
    const own: WeightedBackend = { destination, weight: 1 };
    const contextFor = (kind: string) => ({
      destination,
      originOf: (matches: unknown) => routeOrigin(its, matched, kind, destination, matches),
      resolve: (reference: Parameters<typeof resolveBackendRef>[1]) => resolveBackendRef(its.callable.destinations, reference),
    });
    // A policy that only knows bytes turns HTTP into bytes, unless one that knows HTTP speaks for the destination.
    const speaking = shapers.find((it) => confs.has(it.kind));
    if (isHttp(destination.protocol) && (!speaking || speaking.http)) {
      for (const shaper of shapers) {
        const routes = shaper.http?.(confs.get(shaper.kind)?.value, contextFor(shaper.kind));
        if (routes) return { is: "http", routes: routes.map((route) => ({ route, confs: routeConfs(its, matched, destination, route, confs) })) };
      }
    }
    for (const shaper of shapers) {
      const backends = shaper.tcp?.(confs.get(shaper.kind)?.value, contextFor(shaper.kind));
      if (backends) return { is: "tcp", backends };
    }
    return { is: "tcp", backends: [own] };
  };

  /** The route that a rule with these matches comes from; the older kind of destination has none. */
  const routeOrigin = (its: Shared, matched: readonly MatchedPolicies[], kindName: string, destination: Destination, matches: unknown): RuleOrigin | undefined => {
    const at = policyKinds.findIndex((it) => it.name === kindName);
    const kind = policyKinds[at];
    const list = matched[at];
    if (!kind || !list || destination.is === "service") return undefined;
    const rule = ruleForResource(resourceRules(kind, list.all, its.targets), destination.resource, destination.kri.section, its.view.mesh);
    return rule?.originByMatches.get(matchesHash(matches));
  };

  /** A policy that targets the route resource itself wins over the one for the destination. */
  const routeConfs = (its: Shared, matched: readonly MatchedPolicies[], destination: Destination, route: HttpRoute, confs: ReadonlyMap<string, OutboundConf>): ReadonlyMap<string, OutboundConf> => {
    const own = new Map(confs);
    policyKinds.forEach((kind, at) => {
      const list = matched[at];
      if (!kind.policy?.hasTo || !list || list.all.length === 0) return;
      const conf = destination.is === "service" ? legacyRouteConf(its, kind, list, destination, route) : resourceRouteConf(its, kind, list, route);
      if (conf !== undefined) own.set(kind.name, internConf(conf));
    });
    return own;
  };

  const resourceRouteConf = (its: Shared, kind: SpecKind, list: MatchedPolicies, { source }: HttpRoute): unknown =>
    source && resourceRules(kind, list.all, its.targets).get(targetKey(source))?.conf[0];

  /** The older way of a policy to mean a route is its top-level reference; rules then carry the hash of matches, which names the route. */
  const legacyRouteConf = (its: Shared, kind: SpecKind, list: MatchedPolicies, destination: ServiceDestination, route: HttpRoute): unknown =>
    list.all.some((it) => it.spec.targetRef?.kind === "MeshHTTPRoute")
      ? ruleForTags(toRules(kind, list.all, its.targets), { ...destination.tags, [matchesHashTag]: route.name })?.conf
      : undefined;

  const planInbounds = (dataplane: Resource<Dataplane>, matched: readonly MatchedPolicies[]): readonly PlannedInbound[] =>
    inboundsOf(dataplane).map((inbound) => {
      const facts: (Inbound | SpecKind | InboundConf)[] = [inbound];
      const confs = new Map<string, InboundConf>();
      policyKinds.forEach((kind, at) => {
        const list = matched[at]?.byInbound.get(inboundKey(inbound.address, inbound.port));
        if (!list || list.length === 0) return;
        const conf = inboundConf(kind, list);
        facts.push(kind, conf);
        confs.set(kind.name, conf);
      });
      return plannedInbound(internInboundFacts(facts), inbound, confs);
    });
  // The same inbound with the same confs is one object: its listener is as before when the change was elsewhere.
  const internInboundFacts = listInterner<object>();
  const knownInbounds = new WeakMap<readonly object[], PlannedInbound>();
  const plannedInbound = (facts: readonly object[], inbound: Inbound, confs: ReadonlyMap<string, InboundConf>): PlannedInbound => {
    const planned = knownInbounds.get(facts) ?? { inbound, confs };
    knownInbounds.set(facts, planned);
    return planned;
  };

  const inboundConfs = memoOnBoth((kind: SpecKind, list: readonly PolicyResource[]): InboundConf => ({
    rules: kind.policy?.hasRules || kind.policy?.isFromAsRules ? inboundRules(kind, list) : [],
    fromRules: kind.policy?.hasFrom ? fromRules(kind, list) : [],
  }));
  const internInbound = interner((conf: InboundConf) => conf, inboundConfText);
  const inboundConf = (kind: SpecKind, list: readonly PolicyResource[]): InboundConf => internInbound(inboundConfs(kind, list));

  const match = matcher();
  const withEffectiveTraits = effectiveTraits(traitsInterner());
  const makePlan = (view: MeshView, its: Shared, asAnnounced: Proxy, { includeShadow = false, holdsBackIdentity = false }: PlanOptions): Plan => {
    const proxy = withEffectiveTraits(asAnnounced);
    const { dataplane, traits } = proxy;
    const policiesOf = (kind: SpecKind) => view.list(kind.name) as readonly PolicyResource[];
    const matched = policyKinds.map((kind) =>
      includeShadow ? matchPolicies(kind, policiesOf(kind), dataplane, { includeShadow, targets: its.targets }) : match(kind, policiesOf(kind), dataplane, its.targets),
    );
    const mesh = view.mesh.spec;
    const mode = mesh.meshServices?.mode ?? ServicesMode.Disabled;
    const isTransparent = traits.transparentProxy?.outboundEnabled === true || traits.features.has(feature.bindOutbounds);
    const outbounds = isTransparent ? its.callable.reachable(dataplane, mode === ServicesMode.ReachableBackends) : its.callable.listed(dataplane);
    const planned = outboundsFor(its, matched)(outbounds);
    const kind = kindOf("Dataplane");
    const proxyConfs = new Map<string, ProxyConf>();
    policyKinds.forEach((policyKind, at) => {
      const list = matched[at];
      if (!list || list.all.length === 0 || policyKind.policy?.hasTo || policyKind.policy?.hasFrom) return;
      const rule = singleRule(policyKind, list.all);
      if (rule) proxyConfs.set(policyKind.name, { value: rule.conf });
    });
    const { tls, identity } = tlsFor(view, dataplane, holdsBackIdentity);
    return {
      proxy,
      view,
      meshName: view.mesh.name,
      zone: view.zone,
      isUnified: traits.features.has(feature.unifiedNaming) && mode === ServicesMode.Exclusive,
      mtls: tls,
      identity,
      allowsPassthrough: mesh.networking?.outbound?.passthrough !== false,
      localityAware: mesh.routing?.localityAwareLoadBalancing === true,
      internalCidrs: view.settings.internalCidrs,
      dataplaneKri: (kind && kriOf(kind, dataplane)) ?? emptyKri,
      inbounds: planInbounds(dataplane, matched),
      outbounds: planned,
      policies: new Map(policyKinds.map((it, at) => [it.name, matched[at]?.all ?? []])),
      proxyConfs,
      dns: isTransparent ? reachableRecords(its.callable.dns, planned) : noRecords,
    };
  };

  return {
    scopeOf,
    plan(view, proxy, options) {
      const its = sharedOf(view);
      if (options?.includeShadow) return makePlan(view, its, proxy, options);
      const plans = options?.holdsBackIdentity ? its.heldPlans : its.plans;
      const ofTraits = plans.get(proxy.traits) ?? new WeakMap<Resource, Plan>();
      plans.set(proxy.traits, ofTraits);
      let plan = ofTraits.get(proxy.dataplane);
      if (!plan) {
        plan = makePlan(view, its, proxy, options ?? {});
        ofTraits.set(proxy.dataplane, plan);
      }
      return plan;
    },
  };
}

interface Shared {
  readonly view: MeshView;
  readonly callable: Callable;
  readonly targets: RuleTargets;
  readonly byPolicies: WeakMap<readonly object[], (outbounds: readonly Outbound[]) => readonly PlannedOutbound[]>;
  readonly plans: WeakMap<object, WeakMap<Resource, Plan>>;
  /** Of proxies that hold their identity back. */
  readonly heldPlans: WeakMap<object, WeakMap<Resource, Plan>>;
}

const emptyKri: Kri = { shortName: "dp", mesh: "", zone: "", namespace: "", name: "", section: "" };

/** Values that read the same become one object, so that an unrelated change of a policy changes no key downstream. */
function interner<V, T extends object>(make: (value: V) => T, textOf: (value: V) => string): (value: V) => T {
  const known = new Map<string, WeakRef<T>>();
  const byValue = new WeakMap<object, T>();
  return (value) => {
    const remembered = typeof value === "object" && value !== null ? byValue.get(value) : undefined;
    if (remembered) return remembered;
    const text = textOf(value);
    let interned = known.get(text)?.deref();
    if (!interned) {
      interned = make(value);
      if (known.size > 50_000) for (const [old, reference] of known) if (!reference.deref()) known.delete(old);
      known.set(text, new WeakRef(interned));
    }
    if (typeof value === "object" && value !== null) byValue.set(value, interned);
    return interned;
  };
}

/** Rules name the policy they come from: its identity counts, not its version. */
const inboundConfText = (conf: InboundConf): string =>
  JSON.stringify([conf.rules.map(({ match, conf: value, origin }) => [match, value, targetKey(origin.resource)]), conf.fromRules.map(({ subset, conf: value }) => [subset, value])]);

const mirrors = (route: HttpRoute): Destination[] => route.filters.flatMap((it) => (it.requestMirror?.backend ? [it.requestMirror.backend] : []));

/** What plans read of MeshIdentities: a status written again plans nothing anew. */
const identityText = memoOn((identities: readonly Resource[]): string =>
  JSON.stringify((identities as readonly MeshIdentity[]).map(({ name, labels, spec, status }) => [name, labels, spec, status?.conditions?.map((it) => [it.type, it.status])])),
);

const vipConfig = (view: MeshView): Resource | undefined => view.list("Config").find((it) => it.name === vipConfigName(view.mesh.name));

function dnsRecords(view: MeshView, serviceVips: ReadonlyMap<string, string>): readonly DnsRecord[] {
  const services = [...serviceVips].map(([service, address]) => ({ name: `${service}.${view.settings.dnsDomain}`, addresses: [address] }));
  const resources = destinationKinds.flatMap((kind) => view.list(kind)).flatMap((it) => {
    const status = (it as MeshServiceResource).status;
    const addresses = (status?.vips ?? []).flatMap((vip) => (vip.ip ? [vip.ip] : []));
    return (status?.addresses ?? []).flatMap((address) => (address.hostname && addresses.length > 0 ? [{ name: address.hostname, addresses }] : []));
  });
  return [...services, ...resources].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
