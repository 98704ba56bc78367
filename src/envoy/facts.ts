// What policies say about the proxy itself (its address, its service) at listeners that others could share: proxies that differ in it share none of those.
import { isHttp, type InboundConf, type OutboundConf, type Plan, type PlannedInbound, type TargetPlan } from "#mesh";
import type { PipelineParts } from "./pipeline.ts";

export interface ProxyFacts {
  /** Equal keys mean equal facts. */
  readonly key: string;
  /** At every listener of requests, or only at those for which a policy of the kind says something. */
  readonly holds: "at requests" | "where the policy speaks";
}

/** Facts of one proxy by kind of policy; one object for all proxies that agree in them. */
export interface FactsOfProxy {
  readonly byKind: ReadonlyMap<string, ProxyFacts>;
}

const noFacts: FactsOfProxy = { byKind: new Map() };

/** Proxies that no such policy selects have the same, empty facts. */
export function factsOf(plan: Plan, { policies, sealer, shared }: PipelineParts): FactsOfProxy {
  const telling = shared.of(plan.policies, "telling facts", () => policies.filter((it) => it.facts && (plan.policies.get(it.kind)?.length ?? 0) > 0));
  if (telling.length === 0) return noFacts;
  return shared.of(plan, "facts", () => {
    const known = telling.flatMap((policy): [string, ProxyFacts][] => {
      const facts = policy.facts?.(plan);
      return facts ? [[policy.kind, facts]] : [];
    });
    if (known.length === 0) return noFacts;
    return sealer.keyed(`facts ${JSON.stringify(known.map(([kind, { key }]) => [kind, key]))}`, () => ({ byKind: new Map(known) }));
  });
}

type Confs = ReadonlyMap<string, OutboundConf | InboundConf>;

/** Of the facts those that count at a place with these confs, as a part of its key; empty when it can be shared freely. */
export function factsKey({ byKind }: FactsOfProxy, takes: "requests" | "bytes", ...confs: readonly Confs[]): string {
  if (byKind.size === 0) return "";
  const counting = [...byKind].filter(([kind, { holds }]) => (holds === "at requests" ? takes === "requests" : confs.some((it) => it.has(kind))));
  return counting.length === 0 ? "" : JSON.stringify(counting.map(([kind, { key }]) => [kind, key]));
}

export const targetFacts = (facts: FactsOfProxy, { confs, traffic }: TargetPlan): string =>
  facts.byKind.size === 0 ? "" : factsKey(facts, traffic.is === "http" ? "requests" : "bytes", confs, ...(traffic.is === "http" ? traffic.routes.map((it) => it.ownConfs) : []));

export const inboundFacts = (facts: FactsOfProxy, { inbound, confs }: PlannedInbound): string => factsKey(facts, isHttp(inbound.protocol) ? "requests" : "bytes", confs);
