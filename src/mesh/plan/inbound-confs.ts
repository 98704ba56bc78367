// What policies say about each inbound of a proxy. The same inbound with the same confs is one object: its listener is as before when a change was elsewhere.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Resource, SpecKind } from "#resources";
import { listInterner, memoOnBoth, textInterner } from "../intern.ts";
import { fromRules } from "../rules/from-rules.ts";
import { inboundRules } from "../rules/inbound-rules.ts";
import { inboundKey, type MatchedPolicies } from "../rules/matching.ts";
import type { PolicyResource } from "../rules/policies.ts";
import { targetKey } from "../rules/resource-rules.ts";
import { inboundsOf, type Inbound } from "./inbounds.ts";
import type { InboundConf, PlannedInbound } from "./plan.ts";

export type InboundPlanner = (dataplane: Resource<Dataplane>, matched: readonly MatchedPolicies[]) => readonly PlannedInbound[];

/** `policyKinds` in their order of application; `matched` in the same order. */
export function inboundPlanner(policyKinds: readonly SpecKind[]): InboundPlanner {
  const planInbounds = (dataplane: Resource<Dataplane>, matched: readonly MatchedPolicies[]): readonly PlannedInbound[] =>
    inboundsOf(dataplane).map((inbound) => {
      const key = inboundKey(inbound.address, inbound.port);
      const facts: (Inbound | SpecKind | InboundConf)[] = [inbound];
      const confs = new Map<string, InboundConf>();
      policyKinds.forEach((kind, at) => {
        const list = matched[at]?.byInbound.get(key);
        if (!list || list.length === 0) return;
        const conf = inboundConf(kind, list);
        facts.push(kind, conf);
        confs.set(kind.name, conf);
      });
      return plannedInbound(internInboundFacts(facts), inbound, confs);
    });
  const internInboundFacts = listInterner<object>();
  const knownInbounds = new WeakMap<readonly object[], PlannedInbound>();
  const plannedInbound = (facts: readonly object[], inbound: Inbound, confs: ReadonlyMap<string, InboundConf>): PlannedInbound => {
    const planned = knownInbounds.get(facts) ?? { inbound, confs };
    knownInbounds.set(facts, planned);
    return planned;
  };

  const inboundConfs = memoOnBoth((kind: SpecKind, list: readonly PolicyResource[]): InboundConf => ({
    rules: kind.policy?.hasRules || kind.policy?.isFromAsRules ? inboundRules(kind, list) : [],
    fromRules: kind.policy?.hasFrom ? fromRules(kind, list) : [],
  }));
  const internInbound = textInterner((conf: InboundConf) => conf, inboundConfText);
  const inboundConf = (kind: SpecKind, list: readonly PolicyResource[]): InboundConf => internInbound(inboundConfs(kind, list));

  return planInbounds;
}

/** Rules name the policy they come from: its identity counts, not its version. */
const inboundConfText = (conf: InboundConf): string =>
  JSON.stringify([conf.rules.map(({ match, conf: value, origin }) => [match, value, targetKey(origin.resource)]), conf.fromRules.map(({ subset, conf: value }) => [subset, value])]);
