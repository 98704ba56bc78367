// The policies that select one proxy, kind by kind in their order of application, and what references in them can mean.
import { Dataplane_Networking_Gateway_GatewayType as GatewayType, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { matchGatewayPolicies, matchPolicies, memoOn, selects, type GatewayResource, type MatchedPolicies, type MeshView, type PolicyResource, type RuleTargets } from "#mesh";
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
  return policyKindsOf(kinds).flatMap((kind) => {
    const matched = matchPolicies(kind, view.list(kind.name) as readonly PolicyResource[], dataplane, { targets: targetsOf(view) });
    return matched.all.length > 0 ? [{ kind, matched }] : [];
  });
}

/** Builtin gateways are selected by the tags of their listeners; everything else by its own. */
export function selectsProxy(kind: Kind, policy: PolicyResource, dataplane: Resource<Dataplane>, view: MeshView): boolean {
  const gateway = dataplane.spec.networking?.gateway;
  if (gateway?.type !== GatewayType.BUILTIN) return selects(policy, dataplane, targetsOf(view));
  const served = (view.list("MeshGateway") as readonly Resource<MeshGateway>[]).filter(({ spec: { selectors } }) => selectors.some(({ match }) => fitsTags(match, gateway.tags)));
  return served.some((it) => matchGatewayPolicies(kind, [policy], dataplane, it as GatewayResource).all.length > 0);
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
