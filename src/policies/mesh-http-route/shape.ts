// MeshHTTPRoute shapes the plan: the routes of an HTTP destination, most specific first, and the catch-all below them.
import { isHttp, matchesHash, type BackendRef, type HttpMatch, type HttpRoute, type RouteFilter, type RouteShaper, type ShapeContext, type WeightedBackend } from "#mesh";
import { displayName, formatKri, label, type Resource } from "#resources";
import type { HttpRule } from "./kind.ts";

const everything: HttpMatch = { path: { value: "/", type: "PathPrefix" } };

export const meshHTTPRouteShape: RouteShaper = {
  kind: "MeshHTTPRoute",
  http(conf, context) {
    const rules = (conf as { readonly rules?: readonly HttpRule[] } | undefined)?.rules ?? [];
    const routes = rules.flatMap((rule) => routesOf(rule, context));
    const sorted = routes.toSorted((a, b) => compareMatches(a.match, b.match));
    if (sorted.some((it) => isCatchAll(it.match))) return sorted;
    const hash = matchesHash([everything]);
    const catchAll: HttpRoute = { name: hash, unifiedName: hash, match: undefined, filters: [], backends: [{ destination: context.destination, weight: 1 }], source: undefined };
    return [...sorted, catchAll];
  },
};

function routesOf(rule: HttpRule, context: ShapeContext): readonly HttpRoute[] {
  const origin = context.originOf(rule.matches);
  const source = origin?.resource;
  const name = origin ? kriText(origin.resource, "") : matchesHash(rule.matches);
  const unifiedName = origin ? kriText(origin.resource, `rule_${origin.ruleIndex}`) : name;
  const filters = (rule.default.filters ?? []).map((filter): RouteFilter => {
    if (!filter.requestMirror) return filter as RouteFilter;
    const { percentage, backendRef } = filter.requestMirror;
    return { type: filter.type, requestMirror: { percentage, backend: context.resolve(mirrored(backendRef)) } };
  });
  const backends = backendsOf(rule, context);
  return rule.matches.map((match) => ({ name, unifiedName, match: match as HttpMatch, filters, backends, source }));
}

/** Copies go to the service with the MeshService's name, as the older model knows it. */
const mirrored = (reference: BackendRef): BackendRef => (reference.kind === "MeshService" && reference.name ? { kind: reference.kind, name: reference.name } : reference);

/** Without references requests go where they were meant to. */
function backendsOf(rule: HttpRule, context: ShapeContext): readonly WeightedBackend[] {
  const refs = rule.default.backendRefs;
  if (!refs || refs.length === 0) return [{ destination: context.destination, weight: 1 }];
  return refs.flatMap((ref) => {
    const destination = context.resolve(ref);
    // An HTTP route cannot lead to bytes.
    return destination && isHttp(destination.protocol) && ref.weight !== 0 ? [{ destination, weight: ref.weight ?? 1 }] : [];
  });
}

const kriText = (route: Resource, section: string): string =>
  formatKri({ shortName: "mhttpr", mesh: route.mesh, zone: route.labels[label.zone] ?? "", namespace: route.labels[label.namespace] ?? "", name: displayName(route), section });

const isCatchAll = (match: HttpMatch | undefined): boolean =>
  match === undefined || ((!match.path || (match.path.type === "PathPrefix" && match.path.value === "/")) && !match.method && !match.headers?.length && !match.queryParams?.length);

const pathRanks: Readonly<Record<string, number>> = { Exact: 0, PathPrefix: 1, RegularExpression: 2 };

/** Exact paths as they are written, then prefixes, then regular expressions, the longer ones first, then matches without a path; of equals those with a method, more headers, more parameters. */
function compareMatches(a: HttpMatch | undefined, b: HttpMatch | undefined): number {
  const rank = (match: HttpMatch | undefined): readonly number[] => {
    const path = match?.path;
    return [!path ? 3 : pathRanks[path.type ?? "PathPrefix"] ?? 1, path?.type === "Exact" ? 0 : -(path?.value?.length ?? 0), match?.method ? 0 : 1, -(match?.headers?.length ?? 0), -(match?.queryParams?.length ?? 0)];
  };
  const [left, right] = [rank(a), rank(b)];
  for (let index = 0; index < left.length; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
