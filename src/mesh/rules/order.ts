// The order of policies: ascending precedence, a later one wins (spec/api.md 1.12).
import { displayName, label, targetRefKinds, type TargetRef } from "#resources";
import { memoOn } from "../intern.ts";
import { topOf, type PolicyResource } from "./policies.ts";

const origins: readonly (string | undefined)[] = ["global", undefined, "zone"];
const roles: readonly string[] = ["system", "producer", "consumer", "workload-owner"];

export const kindRank = (ref: TargetRef): number => targetRefKinds.indexOf(ref.kind);

/** Compares by everything but the name, as the items of resource rules are: there more tags of a gateway give no precedence. */
export function compareAttributes(a: PolicyResource, b: PolicyResource): number {
  return compareTops(topOf(a), topOf(b)) || originRank(a) - originRank(b) || roleRank(a) - roleRank(b);
}

/** Names in reverse, so that "a" wins over "b". */
export function compareNames(a: PolicyResource, b: PolicyResource): number {
  const [nameA, nameB] = [displayName(a), displayName(b)];
  if (nameA === nameB) return 0;
  return nameA < nameB ? 1 : -1;
}

/** All policies of a kind in order; the same array while the input is the same. */
export const orderPolicies = memoOn((policies: readonly PolicyResource[]): readonly PolicyResource[] =>
  policies.toSorted((a, b) => comparePolicies(a, b) || compareNames(a, b)),
);

const comparePolicies = (a: PolicyResource, b: PolicyResource): number =>
  compareTops(topOf(a), topOf(b)) || originRank(a) - originRank(b) || compareGatewayTags(topOf(a), topOf(b)) || roleRank(a) - roleRank(b);

function compareTops(a: TargetRef, b: TargetRef): number {
  const byKind = kindRank(a) - kindRank(b);
  if (byKind !== 0 || a.kind !== "Dataplane") return byKind;
  return Number(Boolean(a.name)) - Number(Boolean(b.name)) || Number(Boolean(a.sectionName)) - Number(Boolean(b.sectionName));
}

const tagCount = (ref: TargetRef): number => Object.keys(ref.tags ?? {}).length;
const compareGatewayTags = (a: TargetRef, b: TargetRef): number => (a.kind === "MeshGateway" ? tagCount(a) - tagCount(b) : 0);

function originRank(policy: PolicyResource): number {
  const rank = origins.indexOf(policy.labels[label.origin]);
  return rank < 0 ? origins.indexOf(undefined) : rank;
}

const roleRank = (policy: PolicyResource): number => Math.max(0, roles.indexOf(policy.labels[label.policyRole] ?? "system"));
