// Rules by sets of tags, the older form: which combinations of tags exist among the items, and what each of them gets (spec/api.md 1.12).
import type { Kind, Labels, TargetRef } from "#resources";
import { tag } from "#resources";
import { distinct, mergeByKind } from "./merge.ts";
import type { PolicyResource } from "./policies.ts";

export interface SubsetTag {
  readonly key: string;
  readonly value: string;
  readonly not: boolean;
}

export interface Rule {
  /** Sorted by key; empty means everything. */
  readonly subset: readonly SubsetTag[];
  readonly conf: unknown;
  readonly origin: readonly PolicyResource[];
}

export interface SubsetItem {
  readonly policy: PolicyResource;
  readonly tags: Labels;
  readonly conf: unknown;
}

/** The tags that a reference stands for; undefined for references that only real resources can answer. */
export function tagsOf(ref: TargetRef): Labels | undefined {
  if (ref.kind === "Mesh") return {};
  if (ref.kind === "MeshSubset") return ref.tags ?? {};
  if (ref.kind === "MeshService") return { [tag.service]: ref.name ?? "" };
  if (ref.kind === "MeshServiceSubset") return { ...ref.tags, [tag.service]: ref.name ?? "" };
  return undefined;
}

/** One rule per set of tags that is mentioned: enough when the sets nest or exclude each other. */
export function plainRules(kind: Kind, items: readonly SubsetItem[]): readonly Rule[] {
  return bySpecificity(distinctSets(items).flatMap((tags) => rulesFor(kind, positive(tags), items)));
}

/** True when plain rules would miss combinations: two tag keys can both hold. */
export const needsCombinations = (items: readonly SubsetItem[]): boolean => new Set(items.flatMap((item) => Object.keys(item.tags))).size > 1;

/** Rules for every combination of tags, also negated, among sets that can hold together. */
export function combinedRules(kind: Kind, items: readonly SubsetItem[]): readonly Rule[] {
  const sets = distinctSets(items);
  const groups = maximalCliques(sets.length, (a, b) => canHoldTogether(sets[a] ?? {}, sets[b] ?? {}));
  const inOrder = groups.map((group) => ({ group, key: group.join(",") })).toSorted((a, b) => (a.key < b.key ? 1 : -1));
  const combinations = inOrder.flatMap(({ group }) => combine(group.flatMap((index) => positive(sets[index] ?? {}))));
  return bySpecificity(combinations.flatMap((subset) => rulesFor(kind, subset, items)));
}

/** The rule for a service with these tags: the first whose subset they satisfy. */
export function ruleForTags(rules: readonly Rule[], tags: Labels): Rule | undefined {
  return rules.find((rule) => rule.subset.every(({ key, value, not }) => (tags[key] === value) !== not));
}

function rulesFor(kind: Kind, subset: readonly SubsetTag[], items: readonly SubsetItem[]): readonly Rule[] {
  const held = new Map(subset.filter((it) => !it.not).map((it) => [it.key, it.value]));
  const relevant = items.filter((item) => Object.entries(item.tags).every(([key, value]) => held.get(key) === value));
  const origin = distinct(relevant.map((item) => item.policy));
  return mergeByKind(kind, relevant.map((item) => item.conf)).map((conf) => ({ subset, conf, origin }));
}

const positive = (tags: Labels): readonly SubsetTag[] =>
  Object.keys(tags)
    .toSorted()
    .map((key) => ({ key, value: tags[key] ?? "", not: false }));

const setKey = (tags: Labels): string => JSON.stringify(positive(tags));
const distinctSets = (items: readonly SubsetItem[]): readonly Labels[] => [...new Map(items.map((item) => [setKey(item.tags), item.tags])).values()];
const canHoldTogether = (a: Labels, b: Labels): boolean => Object.entries(a).every(([key, value]) => b[key] === undefined || b[key] === value);

const positives = (rule: Rule): number => rule.subset.filter((it) => !it.not).length;
const bySpecificity = (rules: readonly Rule[]): readonly Rule[] => rules.toSorted((a, b) => positives(b) - positives(a));

/** Every way to affirm or negate the tags; the first tag changes fastest. */
function combine(tags: readonly SubsetTag[]): readonly (readonly SubsetTag[])[] {
  const unique = [...new Map(tags.map((it) => [`${it.key}=${it.value}`, it])).values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return unique.reduceRight<readonly (readonly SubsetTag[])[]>(
    (rest, it) => rest.flatMap((tail) => [[it, ...tail], [{ ...it, not: true }, ...tail]]),
    [[]],
  );
}

/** Bron and Kerbosch with a pivot: all sets of nodes of which each pair is connected and that cannot grow. Each is in ascending order. */
function maximalCliques(size: number, isEdge: (a: number, b: number) => boolean): readonly (readonly number[])[] {
  const found: (readonly number[])[] = [];
  const grow = (clique: readonly number[], candidates: readonly number[], seen: readonly number[]): void => {
    if (candidates.length === 0) {
      if (seen.length === 0) found.push(clique.toSorted((a, b) => a - b));
      return;
    }
    const pivot = candidates[0] ?? 0;
    const left = new Set(candidates);
    const done = [...seen];
    for (const node of candidates.filter((it) => it === pivot || !isEdge(pivot, it))) {
      const isNeighbour = (it: number): boolean => it !== node && isEdge(node, it);
      grow([...clique, node], [...left].filter(isNeighbour), done.filter(isNeighbour));
      left.delete(node);
      done.push(node);
    }
  };
  if (size > 0) grow([], [...Array(size).keys()], []);
  return found;
}
