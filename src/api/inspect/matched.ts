// The policies that select one proxy, kind by kind in their order of application, and what references in them can mean.
import { create } from "@bufbuild/protobuf";
import { Dataplane_Networking_Gateway_GatewayType as GatewayType, DataplaneSchema, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { inboundsOf, matchGatewayPolicies, matchPolicies, memoOn, selects, type MatchedPolicies, type MeshView, type PolicyResource, type RuleTargets } from "#mesh";
import type { MeshGateway } from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import { displayName, formatKri, kriOf, type Kind, type Kinds, type Labels, type Resource, type SpecKind } from "#resources";

export interface MatchedKind {
  readonly kind: SpecKind;
  readonly matched: MatchedPolicies;
}

/** One object per view, so that rules made from it are remembered. */
export const targetsOf = memoOn((view: MeshView): RuleTargets => ({ mesh: view.mesh, byKind: (kind) => (kind === "Mesh" ? [view.mesh] : view.list(kind)) }));

/** targetRef policies in the order in which they are applied. */
export const policyKindsOf = (kinds: Kinds): readonly SpecKind[] =>
  kinds.all.filter((it): it is SpecKind => it.shape === "spec" && it.policy !== undefined).toSorted((a, b) => (a.policy?.order ?? 0) - (b.policy?.order ?? 0));

/** Kinds of which no policy selects the proxy are left out. */
export function matchedKinds(kinds: Kinds, view: MeshView, dataplane: Resource<Dataplane>): readonly MatchedKind[] {
  const match = isBuiltinGateway(dataplane) ? gatewayMatcher(dataplane, servedGateway(view, dataplane)) : (kind: Kind, policies: readonly PolicyResource[]) => matchPolicies(kind, policies, dataplane, { targets: targetsOf(view) });
  return matchedBy(kinds, view, match);
}

type Matcher = (kind: Kind, policies: readonly PolicyResource[]) => MatchedPolicies;

const matchedBy = (kinds: Kinds, view: MeshView, match: Matcher): readonly MatchedKind[] =>
  policyKindsOf(kinds).flatMap((kind) => {
    const matched = match(kind, view.list(kind.name) as readonly PolicyResource[]);
    return matched.all.length > 0 ? [{ kind, matched }] : [];
  });

/** The same for a MeshGateway, whichever proxies serve it. */
export const gatewayKinds = (kinds: Kinds, view: MeshView, gateway: Resource<MeshGateway>): readonly MatchedKind[] => matchedBy(kinds, view, gatewayMatcher(anyProxyOf(gateway), gateway));

/** A proxy with the tags that a MeshGateway selects, and no others. */
export function anyProxyOf(gateway: Resource<MeshGateway>): Resource<Dataplane> {
  const tags = Object.assign({}, ...gateway.spec.selectors.map((it) => it.match)) as Labels;
  return { ...gateway, spec: create(DataplaneSchema, { networking: { gateway: { type: GatewayType.BUILTIN, tags: { ...tags } } } }) };
}

/** Listeners of the MeshGateway stand where a sidecar has its inbounds; without one nothing is selected. */
function gatewayMatcher(dataplane: Resource<Dataplane>, gateway: Resource<MeshGateway> | undefined): Matcher {
  return (kind, policies) => {
    if (!gateway) return { kind, all: [], byInbound: new Map() };
    const { all, byListener } = matchGatewayPolicies(kind, policies, dataplane, gateway);
    return { kind, all, byInbound: byListener };
  };
}

/** Where policies for incoming requests hold: the inbounds of a sidecar, the ports of a builtin gateway. */
export function entriesOf(view: MeshView, dataplane: Resource<Dataplane>): readonly Entry[] {
  const { networking } = dataplane.spec;
  if (!isBuiltinGateway(dataplane)) return inboundsOf(dataplane).map(({ address, port, tags, index }) => ({ address, port, tags, name: networking?.inbound[index]?.name }));
  return gatewayEntries(dataplane, servedGateway(view, dataplane));
}

export function gatewayEntries({ spec: { networking } }: Resource<Dataplane>, gateway: Resource<MeshGateway> | undefined): readonly Entry[] {
  const ports = new Set(gateway?.spec.conf?.listeners.map((it) => it.port));
  return [...ports].map((port) => ({ address: networking?.address ?? "", port, tags: networking?.gateway?.tags ?? {}, name: undefined }));
}

export interface Entry {
  readonly address: string;
  readonly port: number;
  readonly tags: Labels;
  readonly name: string | undefined;
}

export const isBuiltinGateway = ({ spec: { networking } }: Resource<Dataplane>): boolean => networking?.gateway?.type === GatewayType.BUILTIN;

/** The MeshGateway that selects the proxy best: by most tags, the first by name among equals. */
export function servedGateway(view: MeshView, dataplane: Resource<Dataplane>): Resource<MeshGateway> | undefined {
  const tags = dataplane.spec.networking?.gateway?.tags ?? {};
  const ranked = (view.list("MeshGateway") as readonly Resource<MeshGateway>[]).flatMap((gateway) => {
    const fitting = gateway.spec.selectors.filter(({ match }) => fitsTags(match, tags));
    return fitting.length > 0 ? [{ gateway, rank: Math.max(...fitting.map(({ match }) => rankOf(match))) }] : [];
  });
  return ranked.toSorted((a, b) => b.rank - a.rank || (a.gateway.name < b.gateway.name ? -1 : 1))[0]?.gateway;
}

/** More tags win, and named values over `*`. */
export const rankOf = (match: Labels): number => Object.values(match).reduce((sum, value) => sum + (value === "*" ? 1 : 1000), 0);

/** Builtin gateways are selected by the tags of their listeners; everything else by its own. */
export function selectsProxy(kind: Kind, policy: PolicyResource, dataplane: Resource<Dataplane>, view: MeshView): boolean {
  if (!isBuiltinGateway(dataplane)) return selects(policy, dataplane, targetsOf(view));
  const gateway = servedGateway(view, dataplane);
  return gateway !== undefined && matchGatewayPolicies(kind, [policy], dataplane, gateway).all.length > 0;
}

/** `*` stands for any value of a tag that is there. */
export const fitsTags = (match: Labels, tags: Labels): boolean => Object.entries(match).every(([key, value]) => tags[key] !== undefined && (value === "*" || tags[key] === value));

export interface Meta {
  readonly type: string;
  readonly mesh: string;
  readonly name: string;
  readonly labels: Labels;
}

export const metaOf = ({ type, mesh, name, labels }: Resource): Meta => ({ type, mesh, name, labels });

export const kriText = (kind: SpecKind, resource: Resource): string => {
  const kri = kriOf(kind, resource);
  return kri ? formatKri(kri) : displayName(resource);
};
