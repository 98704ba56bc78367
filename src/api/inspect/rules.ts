// `_rules`: what all policies say about a proxy, in every form in which rules exist (spec/api.md 1.12, 2.7).
import type { MeshGateway } from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import { Mesh_MeshServices_Mode as ServicesMode } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { fromRules, inboundKey, inboundRules, matchesHash, resolveRef, resourceRules, singleRule, toRules, type MeshView, type PolicyResource, type Rule } from "#mesh";
import { KumaError, notFound, type Labels, type Resource, type SpecKind } from "#resources";
import type { Inspect, ProxyPath } from "../options.ts";
import { anyProxyOf, entriesOf, gatewayEntries, gatewayKinds, matchedKinds, metaOf, targetsOf, type Entry, type MatchedKind, type Meta } from "./matched.ts";
import { dataplaneOr404, viewOr404, type InspectionParts } from "./parts.ts";

interface InboundMeta {
  readonly name?: string;
  readonly port: number;
  readonly tags: Labels;
}

interface InspectRule {
  readonly type: string;
  readonly proxyRule?: { readonly conf: unknown; readonly origin: readonly Meta[] };
  readonly toRules: readonly unknown[];
  readonly toResourceRules: readonly unknown[];
  readonly fromRules: readonly unknown[];
  readonly inboundRules: readonly unknown[];
  readonly warnings: readonly string[];
}

export function inspectRules(parts: InspectionParts): Inspect<ProxyPath> {
  return ({ mesh, name }) => {
    const view = viewOr404(parts, mesh);
    const dataplane = dataplaneOr404(view, name, "Could not retrieve Dataplane");
    return rulesPage(view, dataplane, entriesOf(view, dataplane), matchedKinds(parts.kinds, view, dataplane));
  };
}

/** The same of a MeshGateway, whichever proxies serve it. */
export function inspectGatewayRules(parts: InspectionParts): Inspect<ProxyPath> {
  return ({ mesh, name }) => {
    const view = viewOr404(parts, mesh);
    const gateway = (view.list("MeshGateway") as readonly Resource<MeshGateway>[]).find((it) => it.name === name);
    if (!gateway) throw new KumaError(notFound("Not found").failure, { attempt: "Could not retrieve MeshGateway" });
    return rulesPage(view, gateway, gatewayEntries(anyProxyOf(gateway), gateway), gatewayKinds(parts.kinds, view, gateway));
  };
}

function rulesPage(view: MeshView, resource: Resource, entries: readonly Entry[], matched: readonly MatchedKind[]) {
  const rules = matched.map((it) => ruleOf(view, entries, it)).filter((it): it is InspectRule => it !== undefined);
  return { resource: metaOf(resource), rules, httpMatches: httpMatches(matched) };
}

function ruleOf(view: MeshView, entries: readonly Entry[], { kind, matched }: MatchedKind): InspectRule | undefined {
  const traits = kind.policy;
  const isSingle = traits && !traits.hasTo && !traits.hasFrom && !traits.hasRules;
  const single = isSingle ? singleRule(kind, matched.all) : undefined;
  const isExclusive = view.mesh.spec.meshServices?.mode === ServicesMode.Exclusive;
  const rule: InspectRule = {
    type: kind.name,
    ...(single ? { proxyRule: { conf: single.conf, origin: single.origin.map(metaOf) } } : {}),
    toRules: traits?.hasTo && !isExclusive ? toRules(kind, matched.all, targetsOf(view)).map(printRule) : [],
    toResourceRules: traits?.hasTo ? resourceRulesOf(view, kind, matched.all) : [],
    ...inboundSides(entries, kind, matched.byInbound),
    warnings: traits?.hasTo ? warningsOf(view, matched.all) : [],
  };
  const isEmpty = !single && [rule.toRules, rule.toResourceRules, rule.fromRules, rule.inboundRules, rule.warnings].every((it) => it.length === 0);
  return isEmpty ? undefined : rule;
}

const printRule = ({ subset, conf, origin }: Rule) => ({ matchers: subset.map(({ key, value, not }) => ({ key, value, not })), conf, origin: origin.map(metaOf) });

function resourceRulesOf(view: MeshView, kind: SpecKind, policies: readonly PolicyResource[]): readonly unknown[] {
  const rules = [...resourceRules(kind, policies, targetsOf(view)).values()].map(({ resource, section, conf, origin }) => ({
    resourceMeta: metaOf(resource),
    resourceSectionName: section,
    conf,
    origin: origin.map((it) => ({ resourceMeta: metaOf(it.resource), ruleIndex: it.ruleIndex })),
  }));
  return rules.toSorted((a, b) => compare(a.resourceMeta.name, b.resourceMeta.name) || compare(a.resourceSectionName, b.resourceSectionName));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function inboundSides(entries: readonly Entry[], kind: SpecKind, byInbound: ReadonlyMap<string, readonly PolicyResource[]>): Pick<InspectRule, "fromRules" | "inboundRules"> {
  const from: unknown[] = [];
  const byMatch: unknown[] = [];
  for (const { address, port, tags, name } of entries.toSorted((a, b) => a.port - b.port)) {
    const policies = byInbound.get(inboundKey(address, port)) ?? [];
    const inbound: InboundMeta = { ...(name ? { name } : {}), port, tags };
    const legacy = kind.policy?.hasFrom ? fromRules(kind, policies) : [];
    const rules = kind.policy?.hasRules || kind.policy?.isFromAsRules ? inboundRules(kind, policies) : [];
    if (legacy.length > 0) from.push({ inbound, rules: legacy.map(printRule) });
    if (rules.length === 0) continue;
    byMatch.push({
      inbound,
      rules: rules.map(({ match, conf, origin }) => ({
        ...(match ? { match } : {}), conf: [conf], origin: [{ resourceMeta: metaOf(origin.resource), ruleIndex: origin.ruleIndex }],
      })),
    });
  }
  return { fromRules: from, inboundRules: byMatch };
}

/** References to services, by name, that lead nowhere. */
function warningsOf(view: MeshView, policies: readonly PolicyResource[]): readonly string[] {
  if (view.mesh.spec.meshServices?.mode !== ServicesMode.Exclusive) return [];
  return policies.flatMap((policy) =>
    (policy.spec.to ?? []).flatMap(({ targetRef }) => {
      if (targetRef.kind === "Mesh" || !targetRef.name || resolveRef(targetRef, policy, targetsOf(view)).length > 0) return [];
      return [`unable to resolve ${targetRef.kind} ${targetRef.name}`];
    }),
  );
}

/** Matches of every route, by the hash that stands for them in rules. */
function httpMatches(matched: readonly MatchedKind[]): readonly { readonly match: unknown; readonly hash: string }[] {
  const found = new Map<string, unknown>();
  for (const { matched: { all } } of matched) {
    for (const item of all.flatMap((policy) => policy.spec.to ?? [])) {
      if (!("rules" in item) || !Array.isArray(item.rules)) continue;
      for (const rule of item.rules as readonly { readonly matches?: unknown }[]) if (rule.matches) found.set(matchesHash(rule.matches), rule.matches);
    }
  }
  return [...found].map(([hash, match]) => ({ match, hash })).toSorted((a, b) => compare(a.hash, b.hash));
}

