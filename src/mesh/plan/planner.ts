// Makes plans: matches policies to a proxy, finds what it may call, shapes routes. Everything shared is computed once per scope.
import { Mesh_MeshServices_Mode as ServicesMode } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { kriOf, type Kind, type Kri, type Resource, type SpecKind } from "#resources";
import type { MeshIdentity } from "#resources/kinds";
import { listInterner, memoOn, textInterner } from "../intern.ts";
import { matcher, matchPolicies, type MatchedPolicies } from "../rules/matching.ts";
import type { PolicyResource } from "../rules/policies.ts";
import type { RuleTargets } from "../rules/resolve.ts";
import { singleRule } from "../rules/single-rule.ts";
import type { MeshView } from "../view.ts";
import { protocolsInterner, resourceDestinations, serviceDestinations, withIdentities, type Destination } from "./destinations.ts";
import { collectorText } from "./collectors.ts";
import { trustedDomains } from "./identity.ts";
import { inboundPlanner } from "./inbound-confs.ts";
import { meshTlsPlanner, type KeptCertificate } from "./mesh-tls.ts";
import type { MeshServiceResource } from "./mesh-service.ts";
import { virtualOutbounds, type DestinationIndex, type Outbound } from "./outbounds.ts";
import { callable, planOutbounds, reachableRecords, type Callable } from "./shared-outbounds.ts";
import { legacyVips, vipConfigName } from "./vips.ts";
import type { DnsRecord, Plan, PlannedOutbound, ProxyConf } from "./plan.ts";
import { effectiveTraits, feature, traitsInterner, type Proxy } from "./proxy.ts";
import type { RouteShaper } from "./routes.ts";
import { targetPlanner } from "./targets.ts";

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
  /** The proxy stays with the certificate it has: not everybody accepts the one it is assigned now. */
  readonly keeps?: KeptCertificate;
}

export interface Planner {
  scopeOf(view: MeshView): Scope;
  plan(view: MeshView, proxy: Proxy, options?: PlanOptions): Plan;
}

const destinationKinds = ["MeshService", "MeshExternalService", "MeshMultiZoneService"];
const noRecords: readonly DnsRecord[] = [];

export function createPlanner({ policyKinds, kindOf, shapers }: PlannerOptions): Planner {
  const protocolsOf = protocolsInterner();
  const serviceDestination = serviceDestinations();
  const portsOf = resourceDestinations(kindOf);
  const internScope = listInterner<object>();
  const internText = textInterner((text: string) => ({ text }), (text) => text);
  const internReady = textInterner((services: readonly string[]): ReadonlySet<string> => new Set(services), JSON.stringify);
  const tlsFor = meshTlsPlanner();
  const internLists = listInterner<object>();
  const targetPlans = targetPlanner(policyKinds, shapers);
  const planInbounds = inboundPlanner(policyKinds);

  const scopeOf = memoOn((view: MeshView): Scope =>
    internScope([
      view.mesh,
      view.settings,
      protocolsOf(view.list("Dataplane")),
      ...policyKinds.map((kind) => view.list(kind.name)),
      ...destinationKinds.map((kind) => view.list(kind)),
      internText(identityText(view.list("MeshIdentity"))),
      internText(JSON.stringify([...trustedDomains(view.list("MeshTrust")).keys()])),
      internText(collectorText(view.list("MeshOpenTelemetryBackend"))),
      internText(JSON.stringify(view.tlsReadyServices)),
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
    return { view, tlsReadyServices: internReady(view.tlsReadyServices), callable: callableOf(view), targets, byPolicies: new WeakMap(), plans: new WeakMap(), keepingPlans: new WeakMap() };
  };

  /** A changed policy leaves what can be called as it is. */
  const knownCallable = new WeakMap<readonly object[], Callable>();
  const callableOf = (view: MeshView): Callable => {
    const protocols = protocolsOf(view.list("Dataplane"));
    // Where MeshServices are all there is, services have no addresses of their own.
    const config = servicesMode(view) === ServicesMode.Exclusive ? undefined : vipConfig(view);
    const key = internScope([protocols, view.settings, ...destinationKinds.map((kind) => view.list(kind)), config ?? view.settings]);
    let found = knownCallable.get(key);
    if (!found) {
      const resources = destinationKinds.flatMap((kind) => view.list(kind)).flatMap((it) => portsOf(withIdentities(view.list("MeshService"), it as MeshServiceResource)));
      const destinations: DestinationIndex = { resources, service: (tags) => serviceDestination(tags, protocols.get(tags["kuma.io/service"] ?? "") ?? "unknown") };
      const vips = legacyVips(config);
      found = callable({ destinations, virtual: virtualOutbounds(destinations, vips, view.settings.serviceVipPort), dns: dnsRecords(view, vips) });
      knownCallable.set(key, found);
    }
    return found;
  };

  /** What all proxies that the same policies select have in common. */
  const selectedBy = (its: Shared, matched: readonly MatchedPolicies[]): Selected => {
    const lists = internLists(matched.map((it) => it.all));
    let planned = its.byPolicies.get(lists);
    if (!planned) {
      const callees = { destinations: its.callable.destinations, targets: its.targets, mesh: its.view.mesh };
      planned = {
        of: planOutbounds(memoOn((destination: Destination) => targetPlans.plan(callees, matched, destination))),
        anywhereConfs: targetPlans.anywhere(callees, matched),
        policies: new Map(policyKinds.map((it, at) => [it.name, matched[at]?.all ?? []])),
        proxyConfs: proxyConfsOf(policyKinds, matched),
      };
      its.byPolicies.set(lists, planned);
    }
    return planned;
  };

  const match = matcher();
  const withEffectiveTraits = effectiveTraits(traitsInterner());
  const makePlan = (view: MeshView, its: Shared, asAnnounced: Proxy, { includeShadow = false, keeps }: PlanOptions): Plan => {
    const proxy = withEffectiveTraits(asAnnounced);
    const { dataplane, traits } = proxy;
    const policiesOf = (kind: SpecKind) => view.list(kind.name) as readonly PolicyResource[];
    const matched = policyKinds.map((kind) =>
      includeShadow ? matchPolicies(kind, policiesOf(kind), dataplane, { includeShadow, targets: its.targets }) : match(kind, policiesOf(kind), dataplane, its.targets),
    );
    const mesh = view.mesh.spec;
    const mode = servicesMode(view);
    const isTransparent = traits.transparentProxy !== undefined || traits.features.has(feature.bindOutbounds);
    const outbounds = isTransparent ? its.callable.reachable(dataplane, mode === ServicesMode.ReachableBackends) : its.callable.listed(dataplane);
    const selected = selectedBy(its, matched);
    const planned = selected.of(outbounds);
    const kind = kindOf("Dataplane");
    const { tls, identity } = tlsFor(view, dataplane, keeps);
    return {
      proxy,
      view,
      meshName: view.mesh.name,
      zone: view.zone,
      isUnified: traits.features.has(feature.unifiedNaming) && mode === ServicesMode.Exclusive,
      mtls: tls,
      identity,
      allowsPassthrough: mesh.networking?.outbound?.passthrough !== false,
      tlsReadyServices: its.tlsReadyServices,
      localityAware: mesh.routing?.localityAwareLoadBalancing === true,
      internalCidrs: view.settings.internalCidrs,
      dataplaneKri: (kind && kriOf(kind, dataplane)) ?? emptyKri,
      inbounds: planInbounds(dataplane, matched),
      outbounds: planned,
      policies: selected.policies,
      proxyConfs: selected.proxyConfs,
      anywhereConfs: selected.anywhereConfs,
      dns: isTransparent ? reachableRecords(its.callable.dns, planned) : noRecords,
    };
  };

  return {
    scopeOf,
    plan(view, proxy, options) {
      const its = sharedOf(view);
      if (options?.includeShadow) return makePlan(view, its, proxy, options);
      const plans = options?.keeps ? its.keepingPlans : its.plans;
      const ofTraits = plans.get(proxy.traits) ?? new WeakMap<Resource, Plan>();
      plans.set(proxy.traits, ofTraits);
      let plan = ofTraits.get(proxy.dataplane);
      if (!plan || (options?.keeps && plan.identity !== options.keeps.identity)) {
        plan = makePlan(view, its, proxy, options ?? {});
        ofTraits.set(proxy.dataplane, plan);
      }
      return plan;
    },
  };
}

interface Shared {
  readonly view: MeshView;
  readonly tlsReadyServices: ReadonlySet<string>;
  readonly callable: Callable;
  readonly targets: RuleTargets;
  readonly byPolicies: WeakMap<readonly object[], Selected>;
  readonly plans: WeakMap<object, WeakMap<Resource, Plan>>;
  /** Of proxies that keep their certificate for now. */
  readonly keepingPlans: WeakMap<object, WeakMap<Resource, Plan>>;
}

/** What proxies that the same policies select have in common. */
interface Selected extends Pick<Plan, "anywhereConfs" | "policies" | "proxyConfs"> {
  of(outbounds: readonly Outbound[]): readonly PlannedOutbound[];
}

/** Of kinds that speak of the proxy itself, not of whom it calls or who calls it. */
function proxyConfsOf(policyKinds: readonly SpecKind[], matched: readonly MatchedPolicies[]): ReadonlyMap<string, ProxyConf> {
  const confs = new Map<string, ProxyConf>();
  policyKinds.forEach((kind, at) => {
    const list = matched[at];
    if (!list || list.all.length === 0 || kind.policy?.hasTo || kind.policy?.hasFrom) return;
    const rule = singleRule(kind, list.all);
    if (rule) confs.set(kind.name, { value: rule.conf });
  });
  return confs;
}

const emptyKri: Kri = { shortName: "dp", mesh: "", zone: "", namespace: "", name: "", section: "" };

/** What plans read of MeshIdentities: a status written again plans nothing anew. */
const identityText = memoOn((identities: readonly Resource[]): string =>
  JSON.stringify((identities as readonly MeshIdentity[]).map(({ name, labels, spec, status }) => [name, labels, spec, status?.conditions?.map((it) => [it.type, it.status])])),
);

const servicesMode = ({ mesh }: MeshView): ServicesMode => mesh.spec.meshServices?.mode ?? ServicesMode.Disabled;

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
