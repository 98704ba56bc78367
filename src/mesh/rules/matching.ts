// Which policies of a kind select a proxy, and for which of its inbounds (spec/api.md 1.12).
import { Dataplane_Networking_Gateway_GatewayType, type Dataplane, type Dataplane_Networking } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { displayName, label, tag, type Kind, type Labels, type Resource, type TargetRef } from "#resources";
import { memoOn } from "../intern.ts";
import { orderPolicies } from "./order.ts";
import { internPolicies, noPolicies, topOf, type PolicyResource } from "./policies.ts";
import { identity, resolveRef, type RuleTargets } from "./resolve.ts";

export interface MatchedPolicies {
  readonly kind: Kind;
  /** Every policy that selects the proxy, in ascending precedence; interned. */
  readonly all: readonly PolicyResource[];
  /** The same per inbound and listener, by `inboundKey`; the very list `all` where nothing is narrowed. */
  readonly byInbound: ReadonlyMap<string, readonly PolicyResource[]>;
}

export interface MatchOptions {
  /** Also policies that are only tried out (`kuma.io/effect: shadow`). */
  readonly includeShadow?: boolean;
  /** To resolve policies on a top-level MeshHTTPRoute; without it these select nothing. */
  readonly targets?: RuleTargets;
}

/** What a policy can be narrowed to: an inbound or a listener of the proxy. */
interface Place {
  readonly key: string;
  readonly name: string;
  readonly port: number;
  /** Absent for listeners, which have no tags. */
  readonly tags: Labels | undefined;
}

/** `10.0.0.1:80`; the address of the proxy stands in for that of an inbound without one. */
export const inboundKey = (address: string, port: number): string => `${address}:${port}`;

/** `policies` are all of `kind` in the mesh, in any order. For builtin gateways see `matchGatewayPolicies`. */
export function matchPolicies(kind: Kind, policies: readonly PolicyResource[], dataplane: Resource<Dataplane>, options: MatchOptions = {}): MatchedPolicies {
  const places = placesOf(dataplane);
  const all: PolicyResource[] = [];
  const selections: (readonly Place[])[] = [];
  let isNarrowed = false;
  for (const policy of orderPolicies(policies)) {
    if (!options.includeShadow && policy.labels[label.effect] === "shadow") continue;
    const selected = select(topOf(policy), policy, dataplane, places, options);
    if (!selected) continue;
    all.push(policy);
    selections.push(selected);
    isNarrowed ||= selected !== places;
  }
  const interned = internPolicies(all);
  const byInbound = new Map<string, readonly PolicyResource[]>();
  if (all.length > 0) for (const { key } of places) byInbound.set(key, isNarrowed ? noPolicies : interned);
  if (!isNarrowed) return { kind, all: interned, byInbound };
  for (const [key] of byInbound) {
    const list = internPolicies(all.filter((_, at) => selections[at]?.some((it) => it.key === key)));
    if (list.length > 0) byInbound.set(key, list);
    else byInbound.delete(key);
  }
  return { kind, all: interned, byInbound };
}

interface Remembered {
  readonly policies: readonly PolicyResource[];
  readonly targets: RuleTargets | undefined;
  readonly matched: MatchedPolicies;
}

/** `matchPolicies` that remembers: a change of one kind leaves the matches of all others as they are. One for a planner. */
export function matcher(): (kind: Kind, policies: readonly PolicyResource[], dataplane: Resource<Dataplane>, targets: RuleTargets) => MatchedPolicies {
  const known = memoOn<Resource<Dataplane>, Map<Kind, Remembered>>(() => new Map());
  const nothing = memoOn((kind: Kind): MatchedPolicies => ({ kind, all: noPolicies, byInbound: new Map() }));
  return (kind, policies, dataplane, targets) => {
    if (policies.length === 0) return nothing(kind);
    const its = known(dataplane);
    const last = its.get(kind);
    const dependsOn = needsTargets(policies) ? targets : undefined;
    if (last?.policies === policies && last.targets === dependsOn) return last.matched;
    const matched = matchPolicies(kind, policies, dataplane, { targets });
    its.set(kind, { policies, targets: dependsOn, matched });
    return matched;
  };
}

const needsTargets = memoOn((policies: readonly PolicyResource[]) => policies.some((it) => topOf(it).kind === "MeshHTTPRoute"));

/** True when the policy selects the proxy at all, shadow or not. */
export const selects = (policy: PolicyResource, dataplane: Resource<Dataplane>, targets?: RuleTargets): boolean =>
  select(topOf(policy), policy, dataplane, placesOf(dataplane), targets ? { targets } : {}) !== undefined;

/** The selected inbounds and listeners, all of them as the same array; undefined when the proxy is not selected. */
function select(ref: TargetRef, policy: PolicyResource, dataplane: Resource<Dataplane>, places: readonly Place[], options: MatchOptions): readonly Place[] | undefined {
  if (!isInReach(policy, dataplane.labels, dataplane.labels[label.namespace])) return undefined;
  if (ref.kind === "MeshHTTPRoute") return selectByRoute(ref, policy, dataplane, places, options);
  const gateway = dataplane.spec.networking?.gateway;
  if (gateway?.type === Dataplane_Networking_Gateway_GatewayType.BUILTIN) return undefined;
  if ((ref.kind === "Mesh" || ref.kind === "MeshSubset") && ref.proxyTypes?.length && !ref.proxyTypes.includes(gateway ? "Gateway" : "Sidecar")) return undefined;
  if (ref.kind === "Dataplane") return isMeant(ref, policy, dataplane) ? bySection(ref.sectionName, places, gateway !== undefined) : undefined;
  const tags = wantedTags(ref);
  if (!tags) return undefined;
  if (gateway) return hasTags(gateway.tags, tags) ? places : undefined;
  if (ref.kind === "Mesh") return places.length > 0 ? places : undefined;
  return nonEmpty(places, (place) => place.tags !== undefined && hasTags(place.tags, tags));
}

/** Zone and namespace of the policy must fit those of the proxy; `labels` say where the proxy comes from. */
export function isInReach(policy: PolicyResource, labels: Labels, namespace: string | undefined): boolean {
  const role = policy.labels[label.policyRole];
  if ((role === "consumer" || role === "workload-owner") && policy.labels[label.namespace] !== namespace) return false;
  if (role === "producer" || policy.labels[label.origin] !== "zone" || labels[label.origin] !== "zone") return true;
  const [zone, ofProxy] = [policy.labels[label.zone], labels[label.zone]];
  return zone === undefined || ofProxy === undefined || zone === ofProxy;
}

function isMeant(ref: TargetRef, policy: PolicyResource, dataplane: Resource): boolean {
  if (ref.labels && Object.keys(ref.labels).length > 0) return Object.entries(ref.labels).every(([key, value]) => dataplane.labels[key] === value);
  if (!ref.name) return true;
  const meant = identity(ref.name, ref.namespace || policy.labels[label.namespace] || "", policy.labels[label.zone] ?? "");
  return meant === identity(displayName(dataplane), dataplane.labels[label.namespace] ?? "", dataplane.labels[label.zone] ?? "");
}

function bySection(section: string | undefined, places: readonly Place[], isGateway: boolean): readonly Place[] | undefined {
  if (!section) return places.length > 0 || isGateway ? places : undefined;
  return nonEmpty(places, (place) => (place.name || String(place.port)) === section || String(place.port) === section);
}

/** A route selects what its own top-level reference selects. */
function selectByRoute(ref: TargetRef, policy: PolicyResource, dataplane: Resource<Dataplane>, places: readonly Place[], options: MatchOptions): readonly Place[] | undefined {
  if (!options.targets) return undefined;
  for (const { resource } of resolveRef(ref, policy, options.targets)) {
    const top = topOf({ ...policy, spec: isPolicySpec(resource.spec) ? resource.spec : {} });
    const selected = top.kind === "MeshHTTPRoute" ? undefined : select(top, policy, dataplane, places, options);
    if (selected) return selected;
  }
  return undefined;
}

const isPolicySpec = (spec: unknown): spec is PolicyResource["spec"] => typeof spec === "object" && spec !== null;

const everything: Labels = {};

/** Tags of an inbound or listener that the reference asks for; undefined for references that do not work by tags. */
export function wantedTags(ref: TargetRef): Labels | undefined {
  if (ref.kind === "Mesh") return everything;
  if (ref.kind === "MeshSubset") return ref.tags ?? everything;
  if (ref.kind === "MeshService") return { [tag.service]: ref.name ?? "" };
  if (ref.kind === "MeshServiceSubset") return { ...ref.tags, [tag.service]: ref.name ?? "" };
  return undefined;
}

export function hasTags(tags: Labels, wanted: Labels): boolean {
  for (const key in wanted) {
    const value = tags[key];
    if (value === undefined || (wanted[key] !== "*" && wanted[key] !== value)) return false;
  }
  return true;
}

function nonEmpty(places: readonly Place[], isSelected: (place: Place) => boolean): readonly Place[] | undefined {
  const selected = places.filter(isSelected);
  if (selected.length === places.length) return places.length > 0 ? places : undefined;
  return selected.length > 0 ? selected : undefined;
}

const noPlaces: readonly Place[] = [];

const placesOf = memoOn((dataplane: Resource<Dataplane>): readonly Place[] => {
  const networking = dataplane.spec.networking;
  if (!networking || networking.gateway) return noPlaces;
  return [...inboundsOf(networking), ...networking.listeners.map(({ address, port, name }) => ({ key: inboundKey(address || networking.address, port), name, port, tags: undefined }))];
});

const inboundsOf = (networking: Dataplane_Networking): readonly Place[] =>
  networking.inbound.map(({ address, port, name, tags }) => ({ key: inboundKey(address || networking.address, port), name, port, tags }));
