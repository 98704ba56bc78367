// Rules of an inbound: each keeps its own conf; a request takes the first whose match fits (spec/api.md 1.12).
import { mergeConfs, type PolicyMatch } from "#resources";
import { itemsOf, memoOnPolicies, type PolicyResource } from "./policies.ts";

export interface InboundRule {
  /** Absent: every client. */
  readonly match: PolicyMatch | undefined;
  readonly conf: unknown;
  readonly origin: { readonly resource: PolicyResource; readonly ruleIndex: number };
}

/** `policies` are those selected for the inbound, in order. */
export const inboundRules = memoOnPolicies((kind, policies): readonly InboundRule[] => {
  const fromItems = kind.policy?.isFromAsRules ? itemsOf(kind, policies, "from") : [];
  // A policy has `rules` or `from`, never both.
  const rules = policies.flatMap((policy) => [
    ...rulesOf(policy),
    ...fromItems.filter((item) => item.policy === policy).map(({ conf, index }) => ruleOf(policy, index, conf, undefined)),
  ]);
  return rules.toSorted((a, b) => rank(a.match) - rank(b.match));
});

function rulesOf(policy: PolicyResource): readonly InboundRule[] {
  return (policy.spec.rules ?? []).filter(isRule).flatMap((rule, index) => {
    const matches = rule.matches?.length ? rule.matches : [undefined];
    return matches.map((match) => ruleOf(policy, index, rule.default, match));
  });
}

const ruleOf = (resource: PolicyResource, ruleIndex: number, conf: unknown, match: PolicyMatch | undefined): InboundRule => ({ match, conf, origin: { resource, ruleIndex } });

interface Rule {
  readonly matches?: readonly PolicyMatch[] | undefined;
  readonly default: unknown;
}

const isRule = (rule: unknown): rule is Rule => typeof rule === "object" && rule !== null && "default" in rule;

/** Most specific first: who the client is counts more than which name it asked for. */
function rank(match: PolicyMatch | undefined): number {
  const spiffe = match?.spiffeID ? (match.spiffeID.type === "Exact" ? 0 : 2) : 4;
  return spiffe + (match?.sni ? 0 : 1);
}

/** What holds for every client: the rules without a match, later ones over earlier ones; undefined when there is none. */
export function confForEveryone(rules: readonly InboundRule[]): unknown {
  const confs = rules.filter((it) => !it.match).map((it) => it.conf);
  return confs.length === 0 ? undefined : mergeConfs(confs);
}
