// Legacy rules for outbound traffic from the `to` items of policies: by the tags of the service that is called.
import { tag, type Kind, type Labels, type Resource } from "#resources";
import { memoOn } from "../intern.ts";
import { matchesHash } from "./matches-hash.ts";
import { itemsOf, memoOnPolicies, topOf, type Item, type PolicyResource } from "./policies.ts";
import { resolveRef, type RuleTargets } from "./resolve.ts";
import { combinedRules, needsCombinations, plainRules, tagsOf, type Rule, type SubsetItem } from "./subsets.ts";

/** Pseudo tag that ties a rule to the requests of one route rule. */
export const matchesHashTag = "__rule-matches-hash__";

/** Computed once per kind and list; `targets` counts only for policies on a top-level MeshHTTPRoute. */
export function toRules(kind: Kind, policies: readonly PolicyResource[], targets: RuleTargets): readonly Rule[] {
  return policies.some((policy) => topOf(policy).kind === "MeshHTTPRoute") ? routed(kind, policies)(targets) : unrouted(kind, policies);
}

const unrouted = memoOnPolicies((kind, policies) => build(kind, policies, undefined));
const routed = memoOnPolicies((kind, policies) => memoOn((targets: RuleTargets) => build(kind, policies, targets)));

function build(kind: Kind, policies: readonly PolicyResource[], targets: RuleTargets | undefined): readonly Rule[] {
  const legacy = policies.filter((policy) => !policy.spec.to?.some((item) => item.targetRef.kind === "MeshHTTPRoute"));
  const items = itemsOf(kind, legacy, "to").flatMap((item): SubsetItem[] => tagSets(item, targets).map((tags) => ({ policy: item.policy, tags, conf: item.conf })));
  return needsCombinations(items) ? combinedRules(kind, items) : plainRules(kind, items);
}

function tagSets(item: Item, targets: RuleTargets | undefined): readonly Labels[] {
  const top = topOf(item.policy);
  if (top.kind !== "MeshHTTPRoute") {
    const tags = tagsOf(item.targetRef);
    return tags ? [tags] : [];
  }
  if (!targets || item.targetRef.kind !== "Mesh") return [];
  return resolveRef(top, item.policy, targets).flatMap(({ resource }) => routeTagSets(resource));
}

/** One set of tags per destination and rule of a route. */
function routeTagSets({ spec }: Resource): readonly Labels[] {
  if (!isRouteSpec(spec)) return [];
  return (spec.to ?? []).flatMap((to) =>
    to.rules.map((rule) => ({ [matchesHashTag]: matchesHash(rule.matches), ...(to.targetRef.kind === "MeshService" ? { [tag.service]: to.targetRef.name ?? "" } : {}) })),
  );
}

interface RouteSpec {
  readonly to?: readonly { readonly targetRef: { readonly kind: string; readonly name?: string }; readonly rules: readonly { readonly matches: unknown }[] }[];
}

const isRouteSpec = (spec: unknown): spec is RouteSpec => typeof spec === "object" && spec !== null && (!("to" in spec) || Array.isArray(spec.to));
