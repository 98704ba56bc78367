// Policies as the rules see them: their items with confs, and lists that are one object for one sequence of policies.
import { wholeMesh, type Kind, type PolicyItem, type PolicySpec, type Resource, type TargetRef } from "#resources";
import { listInterner, memoOnBoth } from "../intern.ts";

export type PolicyResource = Resource<PolicySpec>;

/** The same policies in the same order give the same array, so that what is computed from a list is computed once. */
export const internPolicies = listInterner<PolicyResource>();
export const noPolicies = internPolicies([]);

export const topOf = (policy: PolicyResource): TargetRef => policy.spec.targetRef ?? wholeMesh;

/** One entry of `to`, `from` or `rules` with the policy it came from. */
export interface Item {
  readonly policy: PolicyResource;
  /** Position in its section. */
  readonly index: number;
  readonly targetRef: TargetRef;
  readonly conf: unknown;
}

/** The `to` or `from` items of all policies, in order. */
export function itemsOf(kind: Kind, policies: readonly PolicyResource[], section: "to" | "from"): readonly Item[] {
  return policies.flatMap((policy) =>
    (policy.spec[section] ?? []).map((item, index) => ({ policy, index, targetRef: item.targetRef, conf: confOf(kind, item) })),
  );
}

function confOf(kind: Kind, item: PolicyItem): unknown {
  if ("default" in item) return item.default;
  if (kind.policy?.confOf) return kind.policy.confOf(item);
  const { targetRef: _, ...conf } = item;
  return conf;
}

/** Computed once per kind and list; both are the same objects as long as nothing changed. */
export const memoOnPolicies = <O>(compute: (kind: Kind, policies: readonly PolicyResource[]) => O) =>
  memoOnBoth((kind: Kind, policies: readonly PolicyResource[]) => compute(kind, policies));
