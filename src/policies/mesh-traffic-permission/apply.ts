// MeshTrafficPermission on Envoy: an RBAC filter in front of everything, on chains where mesh mTLS ends. No permission means nobody (spec/dataplane.md 6.2).
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ActionSchema, RBACSchema as RulesSchema, RBAC_Action as Action, type PrincipalSchema, type RBAC as Rules } from "#gen/envoy/config/rbac/v3/rbac_pb.js";
import { RBACSchema as HttpRbacSchema } from "#gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.js";
import { RBACSchema as NetworkRbacSchema } from "#gen/envoy/extensions/filters/network/rbac/v3/rbac_pb.js";
import { MatcherSchema, type Matcher } from "#gen/xds/type/matcher/v3/matcher_pb.js";
import { callerPredicate, packNew, sanitised, spiffeId, tagUri, typed, type CallerPredicate, type ChainDraft, type EnvoyPolicy, type ListenerDraft } from "#envoy";
import type { InboundConf, InboundRule, Rule, SubsetTag } from "#mesh";
import { displayName, formatKri, label, tag, type PolicyMatch, type Resource } from "#resources";
import type { TrafficPermissionAction, TrafficPermissionRule } from "./kind.ts";

export const meshTrafficPermissionApply: EnvoyPolicy = {
  kind: "MeshTrafficPermission",
  inboundTlsChain(chain, listener, conf, place) {
    if (conf && conf.rules.length > 0) return byRules(chain, listener, conf.rules, place.listenerName);
    // Certificates of a MeshIdentity carry no tags: the older rules have nothing to go by, so nobody is let in.
    if (place.hasIdentity) return install(chain, { matcher: matcher([]) }, place.listenerName);
    byFrom(chain, conf, place.mesh, place.listenerName);
  },
};

interface Rbac {
  readonly rules?: Rules;
  readonly shadowRules?: Rules;
  readonly matcher?: Matcher;
  readonly shadowMatcher?: Matcher;
}

function install(chain: ChainDraft, rbac: Rbac, listenerName: string): void {
  if (chain.terminal.is === "http") {
    chain.terminal.http.filters.unshift(typed("envoy.filters.http.rbac", HttpRbacSchema, rbac));
    return;
  }
  chain.networkFilters.unshift(typed("envoy.filters.network.rbac", NetworkRbacSchema, { ...rbac, statPrefix: `${sanitised(listenerName)}.` }));
}

// The older form: callers by their tags.

function byFrom(chain: ChainDraft, conf: InboundConf | undefined, mesh: string, listenerName: string): void {
  const rules = (conf?.fromRules ?? []).map((rule) => ({ rule, action: (rule.conf as TrafficPermissionAction).action }));
  const shadow = rules.filter(({ action }) => action === "AllowWithShadowDeny").map(({ rule }) => rule);
  const allowed = [...rules.filter(({ action }) => action === "Allow").map(({ rule }) => rule), ...shadow];
  const policy = (members: readonly Rule[]) => ({ MeshTrafficPermission: { permissions: [{ rule: { case: "any" as const, value: true } }], principals: members.map((it) => principalOf(it.subset, mesh)) } });
  install(
    chain,
    {
      rules: create(RulesSchema, { action: Action.ALLOW, policies: allowed.length > 0 ? policy(allowed) : {} }),
      ...(shadow.length > 0 ? { shadowRules: create(RulesSchema, { action: Action.DENY, policies: policy(shadow) }) } : {}),
    },
    listenerName,
  );
}

type PrincipalInit = MessageInitShape<typeof PrincipalSchema>;

function principalOf(subset: readonly SubsetTag[], mesh: string): PrincipalInit {
  const ids = subset.map((it): PrincipalInit => {
    const name = it.key === tag.service ? spiffeId(mesh, it.value) : tagUri(it.key, it.value);
    const id: PrincipalInit = { identifier: { case: "authenticated", value: { principalName: { matchPattern: { case: "exact", value: name } } } } };
    return it.not ? { identifier: { case: "notId", value: id } } : id;
  });
  const [only] = ids;
  if (!only) return { identifier: { case: "any", value: true } };
  return ids.length === 1 ? only : { identifier: { case: "andIds", value: { ids } } };
}

// The newer form: callers by SPIFFE id and requested name; every denial is asked before any permission.

function byRules(chain: ChainDraft, listener: ListenerDraft, rules: readonly InboundRule[], listenerName: string): void {
  const of = (pick: (conf: TrafficPermissionRule) => readonly PolicyMatch[] | undefined) =>
    rules.flatMap((rule) => {
      const matches = (pick(rule.conf as TrafficPermissionRule) ?? []).filter(saysSomething);
      return matches.length > 0 ? [{ matches, name: kriOfPolicy(rule.origin.resource) }] : [];
    });
  const denied = of((conf) => conf.deny).map((it) => entry(it.matches, Action.DENY, it.name));
  const allowed = of((conf) => [...(conf.allow ?? []), ...(conf.allowWithShadowDeny ?? [])]).map((it) => entry(it.matches, Action.ALLOW, it.name));
  const shadow = of((conf) => conf.allowWithShadowDeny).map((it) => entry(it.matches, Action.DENY, it.name));
  const usesSni = rules.some((rule) => Object.values(rule.conf as TrafficPermissionRule).some((matches) => matches?.some((it) => it.sni)));
  if (usesSni) listener.needsTlsInspector = true;
  const denial = rules.find((rule) => (rule.conf as TrafficPermissionRule).deny?.some((it) => !saysSomething(it)));
  const rbac = denial ? matcher([], kriOfPolicy(denial.origin.resource)) : matcher([...denied, ...allowed]);
  install(chain, { matcher: rbac, ...(shadow.length > 0 ? { shadowMatcher: matcher(shadow) } : {}) }, listenerName);
}

/** A match without conditions never allows: a slip in a policy must not open a service. In a denial it means everybody. */
const saysSomething = ({ spiffeID, sni }: PolicyMatch): boolean => spiffeID !== undefined || sni !== undefined;

function kriOfPolicy(policy: Resource): string {
  return formatKri({ shortName: "mtp", mesh: policy.mesh, zone: policy.labels[label.zone] ?? "", namespace: policy.labels[label.namespace] ?? "", name: displayName(policy), section: "" });
}

const decision = (action: Action, name: string) => ({
  onMatch: { case: "action" as const, value: { name: "envoy.filters.rbac.action", typedConfig: packNew(ActionSchema, { action, name }) } },
});

const entry = (matches: readonly PolicyMatch[], action: Action, name: string) => ({ predicate: predicateOf(matches), onMatch: decision(action, name) });

function matcher(entries: readonly ReturnType<typeof entry>[], denialName = "default"): Matcher {
  return create(MatcherSchema, {
    ...(entries.length > 0 ? { matcherType: { case: "matcherList", value: { matchers: [...entries] } } } : {}),
    onNoMatch: decision(Action.DENY, denialName),
  });
}

function predicateOf(matches: readonly PolicyMatch[]): CallerPredicate {
  const all = matches.map(callerPredicate);
  const [only] = all;
  return all.length === 1 && only ? only : { matchType: { case: "orMatcher", value: { predicate: all } } };
}
