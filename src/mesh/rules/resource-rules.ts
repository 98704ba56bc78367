// Rules by real resource: what the `to` items of policies say about each service, port, route and the mesh (spec/api.md 1.12).
import { displayName, label, type Kind, type Resource } from "#resources";
import { memoOn } from "../intern.ts";
import { matchesHash } from "./matches-hash.ts";
import { mergeByKind } from "./merge.ts";
import { compareAttributes, compareNames, kindRank } from "./order.ts";
import { itemsOf, memoOnPolicies, topOf, type Item, type PolicyResource } from "./policies.ts";
import { resolveRef, type RuleTargets } from "./resolve.ts";

export interface RuleOrigin {
  readonly resource: PolicyResource;
  /** Position of the item in the policy's `to`. */
  readonly ruleIndex: number;
}

export interface ResourceRule {
  readonly resource: Resource;
  readonly section: string;
  /** One conf; for routes one per hostname. */
  readonly conf: readonly unknown[];
  readonly origin: readonly RuleOrigin[];
  /** Routes only: which item the rule with these matches comes from, by hash. */
  readonly originByMatches: ReadonlyMap<string, RuleOrigin>;
}

/** Rules by `targetKey`. */
export type ResourceRules = ReadonlyMap<string, ResourceRule>;

/** Identifies a resource or one section of it. */
export function targetKey(resource: Resource, section = ""): string {
  return [resource.type, resource.mesh, resource.labels[label.zone] ?? "", resource.labels[label.namespace] ?? "", displayName(resource), section].join("|");
}

interface ResolvedItem extends Item {
  readonly resource: Resource;
  readonly section: string;
}

const rulesOn = memoOnPolicies((kind, policies) => memoOn((targets: RuleTargets) => build(kind, policies, targets)));

/** Computed once per kind, list of policies and `targets` object. */
export const resourceRules = (kind: Kind, policies: readonly PolicyResource[], targets: RuleTargets): ResourceRules => rulesOn(kind, policies)(targets);

function build(kind: Kind, policies: readonly PolicyResource[], targets: RuleTargets): ResourceRules {
  const items = resolveItems(kind, policies, targets);
  const byResource = Map.groupBy(items.entries(), ([, item]) => item.resource);
  const ofMesh = (targets.mesh && byResource.get(targets.mesh)) ?? [];
  const rules = new Map<string, ResourceRule>();
  for (const { resource, section } of items) {
    const key = targetKey(resource, section);
    if (rules.has(key)) continue;
    const own = resource === targets.mesh ? [] : (byResource.get(resource) ?? []).filter(([, item]) => item.section === "" || item.section === section);
    const relevant = [...ofMesh, ...own].toSorted(([a], [b]) => a - b).map(([, item]) => item);
    rules.set(key, ruleFor(kind, resource, section, relevant));
  }
  return rules;
}

function resolveItems(kind: Kind, policies: readonly PolicyResource[], targets: RuleTargets): readonly ResolvedItem[] {
  // Policies on a top-level MeshHTTPRoute are legacy and have legacy rules only.
  const items = itemsOf(kind, policies.filter((policy) => topOf(policy).kind !== "MeshHTTPRoute"), "to");
  return items.flatMap((item) => resolveRef(item.targetRef, item.policy, targets).map((resolved) => ({ ...item, ...resolved }))).toSorted(compareItems);
}

function compareItems(a: ResolvedItem, b: ResolvedItem): number {
  return (
    compareAttributes(a.policy, b.policy) ||
    kindRank(a.targetRef) - kindRank(b.targetRef) ||
    Number(a.section !== "") - Number(b.section !== "") ||
    compareNames(a.policy, b.policy)
  );
}

function ruleFor(kind: Kind, resource: Resource, section: string, items: readonly ResolvedItem[]): ResourceRule {
  return {
    resource,
    section,
    conf: mergeByKind(kind, items.map((item) => item.conf)),
    origin: originsOf(items),
    originByMatches: new Map(items.flatMap((item) => hashesOf(item.conf).map((hash) => [hash, originOf(item)] as const))),
  };
}

const originOf = ({ policy, index }: ResolvedItem): RuleOrigin => ({ resource: policy, ruleIndex: index });

/** An item can mean a resource more than once. */
function originsOf(items: readonly ResolvedItem[]): readonly RuleOrigin[] {
  const isFirst = (item: ResolvedItem, at: number) => items.findIndex((other) => other.policy === item.policy && other.index === item.index) === at;
  return items.filter(isFirst).map(originOf);
}

/** Hashes of the matches of a route's rules; the later item of two owns them. */
function hashesOf(conf: unknown): readonly string[] {
  if (typeof conf !== "object" || conf === null || !("rules" in conf) || !Array.isArray(conf.rules)) return [];
  return conf.rules.flatMap((rule: unknown) => (typeof rule === "object" && rule !== null && "matches" in rule ? [matchesHash(rule.matches)] : []));
}

/** The rule for one section of a resource, else for all of it, else for the mesh. */
export function ruleForResource(rules: ResourceRules, resource: Resource, section: string, mesh: Resource): ResourceRule | undefined {
  return rules.get(targetKey(resource, section)) ?? (section ? rules.get(targetKey(resource)) : undefined) ?? rules.get(targetKey(mesh));
}
