// `rules`: the oldest page about what policies say of a proxy, one item for each rule and the place where it holds (spec/api.md 2.7).
import { serviceClusterName } from "#envoy";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { fromRules, inboundKey, inboundsOf, ruleForTags, singleRule, toRules, type Rule } from "#mesh";
import { tag, type Resource } from "#resources";
import type { Inspect, ProxyPath } from "../options.ts";
import { matchedKinds, targetsOf, type MatchedKind } from "./matched.ts";
import { calledServices } from "./older-policies.ts";
import { dataplaneOr404, viewOr404, type InspectionParts } from "./parts.ts";

export function legacyRules(parts: InspectionParts): Inspect<ProxyPath> {
  return ({ mesh, name }) => {
    const view = viewOr404(parts, mesh);
    const dataplane = dataplaneOr404(view, name, "Could not get MatchedPolicies");
    const matched = matchedKinds(parts.kinds, view, dataplane);
    const called = Map.groupBy(calledServices(parts, view, dataplane), (it) => it.service);
    const outgoing = [...called].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([service, outbounds]) => {
      const place = { type: "DestinationSubset", name: service, addresses: outbounds.flatMap((it) => [...it.hostnames, it.name]), service, tags: { [tag.service]: service } };
      return matched.flatMap(({ kind, matched: { all } }) => {
        const rule = kind.policy?.hasTo ? ruleForTags(toRules(kind, all, targetsOf(view)), place.tags) : undefined;
        return rule ? [{ ...place, ...itemOf(kind.name, rule) }] : [];
      });
    });
    const items = [...matched.flatMap(singleItem), ...outgoing, ...incoming(dataplane, matched)];
    return { total: items.length, items };
  };
}

function singleItem({ kind, matched: { all } }: MatchedKind): readonly object[] {
  const { policy } = kind;
  const single = policy && !policy.hasTo && !policy.hasFrom && !policy.hasRules ? singleRule(kind, all) : undefined;
  return single ? [{ type: "SingleItem", ...itemOf(kind.name, { subset: [], conf: single.conf, origin: single.origin }) }] : [];
}

function incoming(dataplane: Resource<Dataplane>, matched: readonly MatchedKind[]): readonly object[] {
  return inboundsOf(dataplane).flatMap(({ address, port, tags }) => {
    const place = { type: "ClientSubset", name: serviceClusterName(tags), addresses: [`${address}:${port}`], service: tags[tag.service] ?? "", tags };
    return matched.flatMap(({ kind, matched: { byInbound } }) => (kind.policy?.hasFrom ? fromRules(kind, byInbound.get(inboundKey(address, port)) ?? []) : []).map((rule) => ({ ...place, ...itemOf(kind.name, rule) })));
  });
}

const itemOf = (policyType: string, { subset, conf, origin }: Pick<Rule, "subset" | "conf" | "origin">) => ({
  policyType,
  subset: Object.fromEntries(subset.map(({ key, value, not }) => [key, not ? `!${value}` : value]).toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1))),
  conf,
  origins: origin.map(({ mesh, name }) => ({ mesh, name })),
});
