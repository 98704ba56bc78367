// Envoy routes from planned ones: matches, header changes, redirects, rewrites, mirrors, weighted clusters.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { HeaderValueOption_HeaderAppendAction as Append, type HeaderValueOptionSchema } from "#gen/envoy/config/core/v3/base_pb.js";
import {
  RedirectAction_RedirectResponseCode as RedirectCode, RouteAction_RequestMirrorPolicySchema, RouteActionSchema, RouteSchema, type HeaderMatcherSchema, type QueryParameterMatcherSchema, type Route, type RouteAction,
  type RouteMatch, type RouteMatchSchema,
} from "#gen/envoy/config/route/v3/route_components_pb.js";
import { RegexMatchAndSubstituteSchema } from "#gen/envoy/type/matcher/v3/regex_pb.js";
import type { Destination, HeaderModifier, HttpMatch, HttpRoute, PathRewrite, RouteFilter, ValueMatch } from "#mesh";
import { fractionOf } from "../fraction.ts";

type Match = MessageInitShape<typeof RouteMatchSchema>;

const regex = (value: string) => ({ regex: value });

/** A planned route as Envoy's: a path prefix other than `/` is two routes, the path itself and everything below it. */
export function envoyRoutes(route: HttpRoute, isUnified: boolean, nameOf: (destination: Destination) => string): Route[] {
  if (!leadsSomewhere(route)) return [];
  return matchesOf(route.match).map((match) => {
    const message = create(RouteSchema, { name: isUnified ? route.unifiedName : route.name, match });
    const redirect = route.filters.find((it) => it.type === "RequestRedirect")?.requestRedirect;
    if (redirect) applyRedirect(message, redirect);
    else applyAction(message, route, nameOf);
    for (const filter of route.filters) applyHeaders(message, filter);
    return message;
  });
}

/** False when there is nothing to send requests to (weights of zero, references that lead nowhere): they fall to the next route. */
export const leadsSomewhere = (route: HttpRoute): boolean => route.filters.some((it) => it.type === "RequestRedirect") || route.backends.some((it) => it.weight > 0);

function matchesOf(match: HttpMatch | undefined): Match[] {
  const others = {
    headers: [...(match?.method ? [{ name: ":method", headerMatchSpecifier: { case: "stringMatch" as const, value: { matchPattern: { case: "exact" as const, value: match.method } } } }] : []), ...(match?.headers ?? []).map(headerMatcher)],
    queryParameters: (match?.queryParams ?? []).map(queryMatcher),
  };
  const path = match?.path;
  const value = path?.value ?? "/";
  if (!path || (path.type === "PathPrefix" && value === "/")) return [{ ...others, pathSpecifier: { case: "prefix", value: "/" } }];
  if (path.type === "Exact") return [{ ...others, pathSpecifier: { case: "path", value } }];
  if (path.type === "RegularExpression") return [{ ...others, pathSpecifier: { case: "safeRegex", value: regex(value) } }];
  return [
    { ...others, pathSpecifier: { case: "path", value } },
    { ...others, pathSpecifier: { case: "prefix", value: `${value}/` } },
  ];
}

function headerMatcher(match: ValueMatch): MessageInitShape<typeof HeaderMatcherSchema> {
  const name = match.name ?? "";
  const value = match.value ?? "";
  switch (match.type) {
    case "Present":
      return { name, headerMatchSpecifier: { case: "presentMatch", value: true } };
    case "Absent":
      return { name, headerMatchSpecifier: { case: "presentMatch", value: false } };
    case "Prefix":
      return { name, headerMatchSpecifier: { case: "stringMatch", value: { matchPattern: { case: "prefix", value } } } };
    case "RegularExpression":
      return { name, headerMatchSpecifier: { case: "stringMatch", value: { matchPattern: { case: "safeRegex", value: regex(value) } } } };
    default:
      return { name, headerMatchSpecifier: { case: "stringMatch", value: { matchPattern: { case: "exact", value } } } };
  }
}

function queryMatcher(match: ValueMatch): MessageInitShape<typeof QueryParameterMatcherSchema> {
  const value = match.value ?? "";
  const matchPattern = match.type === "RegularExpression" ? { case: "safeRegex" as const, value: regex(value) } : { case: "exact" as const, value };
  return { name: match.name ?? "", queryParameterMatchSpecifier: { case: "stringMatch", value: { matchPattern } } };
}

function applyAction(message: Route, route: HttpRoute, nameOf: (destination: Destination) => string): void {
  const [first] = route.backends;
  const action = create(RouteActionSchema, {
    clusterSpecifier: first && route.backends.length === 1
      ? { case: "cluster", value: nameOf(first.destination) }
      : { case: "weightedClusters", value: { clusters: route.backends.map((it) => ({ name: nameOf(it.destination), weight: it.weight })) } },
  });
  for (const filter of route.filters) {
    if (filter.urlRewrite) applyRewrite(action, filter.urlRewrite, message.match);
    if (filter.requestMirror?.backend) {
      const { backend, percentage } = filter.requestMirror;
      const runtimeFraction = percentage === undefined ? {} : { runtimeFraction: { defaultValue: fractionOf(percentage) } };
      action.requestMirrorPolicies.push(create(RouteAction_RequestMirrorPolicySchema, { cluster: nameOf(backend), ...runtimeFraction }));
    }
  }
  message.action = { case: "route", value: action };
}

type Rewrite = NonNullable<RouteFilter["urlRewrite"]>;

function applyRewrite(action: RouteAction, rewrite: Rewrite, match: RouteMatch | undefined): void {
  if (rewrite.hostname) action.hostRewriteSpecifier = { case: "hostRewriteLiteral", value: rewrite.hostname };
  if (rewrite.hostToBackendHostname) action.hostRewriteSpecifier = create(RouteActionSchema, { hostRewriteSpecifier: { case: "autoHostRewrite", value: { value: true } } }).hostRewriteSpecifier;
  if (!rewrite.path) return;
  const path = newPath(rewrite.path, match);
  if ("prefix" in path) action.prefixRewrite = path.prefix;
  else action.regexRewrite = wholePath(path.whole);
}

/** What a path becomes: all of it, or the matched prefix, replaced by what was written. */
function newPath(path: PathRewrite, match: RouteMatch | undefined): { readonly whole: string } | { readonly prefix: string } {
  if (path.type === "ReplaceFullPath") return { whole: path.replaceFullPath ?? "" };
  const replacement = path.replacePrefixMatch ?? "";
  return match?.pathSpecifier.case === "prefix" ? { prefix: replacement } : { whole: replacement };
}

const wholePath = (value: string) => create(RegexMatchAndSubstituteSchema, { pattern: regex(".*"), substitution: value });

type Redirect = NonNullable<RouteFilter["requestRedirect"]>;

const redirectCodes: Readonly<Record<number, RedirectCode>> = {
  301: RedirectCode.MOVED_PERMANENTLY, 302: RedirectCode.FOUND, 303: RedirectCode.SEE_OTHER, 307: RedirectCode.TEMPORARY_REDIRECT, 308: RedirectCode.PERMANENT_REDIRECT,
};

function applyRedirect(message: Route, redirect: Redirect): void {
  const path = redirect.path && newPath(redirect.path, message.match);
  message.action = create(RouteSchema, {
    action: {
      case: "redirect",
      value: {
        ...(redirect.hostname ? { hostRedirect: redirect.hostname } : {}),
        ...(redirect.port ? { portRedirect: redirect.port } : {}),
        responseCode: redirectCodes[redirect.statusCode ?? 302] ?? RedirectCode.FOUND,
        ...(redirect.scheme ? { schemeRewriteSpecifier: { case: "schemeRedirect" as const, value: redirect.scheme } } : {}),
        ...(path && "prefix" in path ? { pathRewriteSpecifier: { case: "prefixRewrite" as const, value: path.prefix } } : {}),
        ...(path && "whole" in path ? { pathRewriteSpecifier: { case: "regexRewrite" as const, value: wholePath(path.whole) } } : {}),
      },
    },
  }).action;
}

function applyHeaders(message: Route, filter: RouteFilter): void {
  const request = filter.type === "RequestHeaderModifier" ? filter.requestHeaderModifier : undefined;
  const response = filter.type === "ResponseHeaderModifier" ? filter.responseHeaderModifier : undefined;
  const added = create(RouteSchema, {
    requestHeadersToAdd: headerOptions(request), requestHeadersToRemove: [...(request?.remove ?? [])],
    responseHeadersToAdd: headerOptions(response), responseHeadersToRemove: [...(response?.remove ?? [])],
  });
  message.requestHeadersToAdd.push(...added.requestHeadersToAdd);
  message.requestHeadersToRemove.push(...added.requestHeadersToRemove);
  message.responseHeadersToAdd.push(...added.responseHeadersToAdd);
  message.responseHeadersToRemove.push(...added.responseHeadersToRemove);
}

function headerOptions(modifier: HeaderModifier | undefined): MessageInitShape<typeof HeaderValueOptionSchema>[] {
  const set = (modifier?.set ?? []).map(({ name, value }) => ({ header: { key: name, value }, appendAction: Append.OVERWRITE_IF_EXISTS_OR_ADD }));
  const add = (modifier?.add ?? []).map(({ name, value }) => ({ header: { key: name, value } }));
  return [...set, ...add];
}
