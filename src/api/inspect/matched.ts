// The policies that select one proxy, kind by kind in their order of application, and what references in them can mean.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { matchPolicies, memoOn, type MatchedPolicies, type MeshView, type PolicyResource, type RuleTargets } from "#mesh";
import { displayName, formatKri, kriOf, type Kinds, type Labels, type Resource, type SpecKind } from "#resources";

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
