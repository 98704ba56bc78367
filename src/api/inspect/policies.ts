// Pages that say which policies hold for a whole proxy, one of its inbounds, one of its outbounds or one route (spec/api.md 2.7).
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { inboundKey, inboundRules, inboundsOf, matchesHash, resourceRules, singleRule, targetKey, type MeshView, type ResourceRule } from "#mesh";
import { badRequest, failureOf, KumaError, label, notFound, parseKri, type Kinds, type Kri, type Resource } from "#resources";
import type { Inspect, ProxyPath } from "../options.ts";
import { kriText, matchedKinds, targetsOf, type MatchedKind } from "./matched.ts";
import { dataplaneOr404, exclusiveOnly, viewOr404, type InspectionParts } from "./parts.ts";

type OfProxy = ProxyPath & { readonly kri: string };

const origins = (kind: MatchedKind["kind"], resources: readonly Resource[]) => resources.map((it) => ({ kri: kriText(kind, it) }));

/** Kinds with one conf for all of the proxy. */
export function proxyPolicies(parts: InspectionParts): Inspect<ProxyPath> {
  return (where) => {
    const { matched } = open(parts, where);
    const policies = matched.flatMap(({ kind, matched: { all } }) => {
      const { hasTo, hasFrom, hasRules } = kind.policy ?? {};
      const rule = hasTo || hasFrom || hasRules ? undefined : singleRule(kind, all);
      return rule ? [{ kind: kind.name, conf: rule.conf, origins: origins(kind, rule.origin) }] : [];
    });
    return { policies };
  };
}

export function inboundPolicies(parts: InspectionParts): Inspect<OfProxy> {
  return (where) => {
    const { dataplane, matched } = open(parts, where);
    const { section } = readKri(where.kri, parts.kinds);
    const inbound = inboundsOf(dataplane).find((it) => it.section === section || String(it.port) === section);
    if (!inbound) throw new KumaError(notFound(`the proxy has no inbound "${section}"`).failure, { attempt: "Could not retrieve inbound" });
    const policies = matched.flatMap(({ kind, matched: { byInbound } }) => {
      if (!kind.policy?.hasRules && !kind.policy?.isFromAsRules) return [];
      const rules = inboundRules(kind, byInbound.get(inboundKey(inbound.address, inbound.port)) ?? []);
      if (rules.length === 0) return [];
      const sources = [...new Set(rules.map((it) => it.origin.resource))];
      return [{ kind: kind.name, rules: rules.map(({ conf, origin }) => ({ kri: kriText(kind, origin.resource), conf })), origins: origins(kind, sources) }];
    });
    return { policies };
  };
}

export function outboundPolicies(parts: InspectionParts): Inspect<OfProxy> {
  return (where) => {
    const { view, matched } = open(parts, where);
    const kri = readKri(where.kri, parts.kinds);
    return { policies: matched.flatMap((it) => outboundPolicy(it, ruleFor(parts, view, it, kri))) };
  };
}

/** What holds for the requests of one route; how requests are routed is not said here. */
export function routePolicies(parts: InspectionParts): Inspect<OfProxy & { readonly route: string }> {
  return (where) => {
    const { view, matched } = open(parts, where);
    const kri = readKri(where.kri, parts.kinds);
    const route = readKri(where.route, parts.kinds);
    const others = matched.filter(({ kind }) => !isRouteKind(kind));
    return { policies: others.flatMap((it) => outboundPolicy(it, exactRule(parts, view, it, route) ?? ruleFor(parts, view, it, kri))) };
  };
}

export function outboundRoutes(parts: InspectionParts): Inspect<OfProxy> {
  return (where) => {
    const { view, matched } = open(parts, where);
    const kri = readKri(where.kri, parts.kinds);
    const routes = matched.filter(({ kind }) => isRouteKind(kind)).flatMap((it) => {
      const rule = ruleFor(parts, view, it, kri);
      if (!rule) return [];
      const { kind } = it;
      const rules = rule.conf.flatMap((conf) => rulesOf(conf)).map(({ matches, conf }) => {
        const origin = matches === null ? undefined : rule.originByMatches.get(matchesHash(matches));
        return { kri: origin ? kriText(kind, origin.resource) : "", matches, conf };
      });
      return [{ kind: kind.name, rules, origins: origins(kind, rule.origin.map((origin) => origin.resource)) }];
    });
    return { routes };
  };
}

/** Routes say where requests go; they are policies with a conf that no other has. */
const isRouteKind = (kind: MatchedKind["kind"]): boolean => kind.merge !== undefined || kind.policy?.confOf !== undefined;

interface RouteConf {
  readonly rules?: readonly { readonly matches: unknown; readonly default: unknown }[];
  readonly default?: unknown;
}

/** The rules of an HTTP route; a TCP route is one rule without matches. */
const rulesOf = (conf: unknown): readonly { readonly matches: unknown; readonly conf: unknown }[] => {
  const route = conf as RouteConf;
  return route.rules ? route.rules.map((it) => ({ matches: it.matches, conf: it.default })) : [{ matches: null, conf: route.default ?? {} }];
};

function outboundPolicy({ kind }: MatchedKind, rule: ResourceRule | undefined) {
  return rule ? [{ kind: kind.name, conf: rule.conf, origins: origins(kind, rule.origin.map((it) => it.resource)) }] : [];
}

function open(parts: InspectionParts, { mesh, name }: ProxyPath): { readonly view: MeshView; readonly dataplane: Resource<Dataplane>; readonly matched: readonly MatchedKind[] } {
  const view = viewOr404(parts, mesh);
  const dataplane = dataplaneOr404(view, name, "Could not retrieve Dataplane");
  exclusiveOnly(view, "_policies");
  return { view, dataplane, matched: matchedKinds(parts.kinds, view, dataplane) };
}

function readKri(text: string, kinds: Kinds): Kri {
  try {
    return parseKri(text, kinds);
  } catch (error) {
    throw badRequest(`bad request: ${failureOf(error)?.message ?? String(error)}`);
  }
}

/** The rule for exactly what the identifier names. */
function exactRule({ kinds }: InspectionParts, view: MeshView, { kind, matched }: MatchedKind, kri: Kri, section = kri.section): ResourceRule | undefined {
  if (!kind.policy?.hasTo) return undefined;
  const type = kinds.byShortName(kri.shortName)?.name ?? "";
  const labels = { [label.zone]: kri.zone, [label.namespace]: kri.namespace, [label.displayName]: kri.name };
  const named = { type, mesh: kri.mesh, name: kri.name, labels, spec: {}, creationTime: 0, modificationTime: 0, version: 0 };
  return resourceRules(kind, matched.all, targetsOf(view)).get(targetKey(named, section));
}

/** Else the one for the whole resource, else the one for the mesh. */
function ruleFor(parts: InspectionParts, view: MeshView, matched: MatchedKind, kri: Kri): ResourceRule | undefined {
  if (!matched.kind.policy?.hasTo) return undefined;
  const ofMesh = () => resourceRules(matched.kind, matched.matched.all, targetsOf(view)).get(targetKey(view.mesh));
  return exactRule(parts, view, matched, kri) ?? exactRule(parts, view, matched, kri, "") ?? ofMesh();
}
