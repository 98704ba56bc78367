// Envoy routes from planned ones: matches, header changes, redirects, rewrites, mirrors, weighted clusters.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { HeaderValueOption_HeaderAppendAction as Append, type HeaderValueOptionSchema } from "#gen/envoy/config/core/v3/base_pb.js";
import {
  RedirectAction_RedirectResponseCode as RedirectCode, RouteAction_RequestMirrorPolicySchema, RouteActionSchema, RouteSchema, type HeaderMatcherSchema, type QueryParameterMatcherSchema, type Route, type RouteAction,
  type RouteMatchSchema,
} from "#gen/envoy/config/route/v3/route_components_pb.js";
import { FractionalPercent_DenominatorType as Denominator } from "#gen/envoy/type/v3/percent_pb.js";
import { RegexMatchAndSubstituteSchema } from "#gen/envoy/type/matcher/v3/regex_pb.js";
import type { Destination, HeaderModifier, HttpMatch, HttpRoute, PathRewrite, RouteFilter, ValueMatch } from "#mesh";

type Match = MessageInitShape<typeof RouteMatchSchema>;

const regex = (value: string) => ({ regex: value });

/** A planned route as Envoy's: a path prefix other than `/` is two routes, the path itself and everything below it. */
export function envoyRoutes(route: HttpRoute, nameOf: (destination: Destination) => string): Route[] {
  return matchesOf(route.match).map((match) => {
    const message = create(RouteSchema, { name: route.name, match });
    const redirect = route.filters.find((it) => it.type === "RequestRedirect")?.requestRedirect;
    if (redirect) applyRedirect(message, redirect, route.match);
    else applyAction(message, route, nameOf);
    for (const filter of route.filters) applyHeaders(message, filter);
    return message;
  });
}

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
  const total = route.backends.reduce((sum, it) => sum + it.weight, 0);
  if (!first || total === 0) {
    // All weights are zero, or nothing was found behind the references: refused, as the Gateway API says.
    message.action = create(RouteSchema, { action: { case: "directResponse", value: { status: 500 } } }).action;
    return;
  }
  const action = create(RouteActionSchema, {
    clusterSpecifier: route.backends.length === 1
      ? { case: "cluster", value: nameOf(first.destination) }
      : { case: "weightedClusters", value: { clusters: route.backends.map((it) => ({ name: nameOf(it.destination), weight: it.weight })) } },
  });
  for (const filter of route.filters) {
    if (filter.urlRewrite) applyRewrite(action, filter.urlRewrite, route.match);
    if (filter.requestMirror?.backend) {
      const percentage = Number(filter.requestMirror.percentage ?? 100);
      action.requestMirrorPolicies.push(
        create(RouteAction_RequestMirrorPolicySchema, {
          cluster: nameOf(filter.requestMirror.backend),
          runtimeFraction: { defaultValue: { numerator: Math.round(percentage * 10_000), denominator: Denominator.MILLION } },
        }),
      );
    }
  }
  message.action = { case: "route", value: action };
}

type Rewrite = NonNullable<RouteFilter["urlRewrite"]>;

function applyRewrite(action: RouteAction, rewrite: Rewrite, match: HttpMatch | undefined): void {
  if (rewrite.hostname) action.hostRewriteSpecifier = { case: "hostRewriteLiteral", value: rewrite.hostname };
  if (rewrite.hostToBackendHostname) action.hostRewriteSpecifier = create(RouteActionSchema, { hostRewriteSpecifier: { case: "autoHostRewrite", value: { value: true } } }).hostRewriteSpecifier;
  if (!rewrite.path) return;
  const pattern = rewritePattern(rewrite.path, match);
  action.regexRewrite = create(RegexMatchAndSubstituteSchema, { pattern: regex(pattern.regex), substitution: pattern.substitution });
}

function rewritePattern(path: PathRewrite, match: HttpMatch | undefined): { regex: string; substitution: string } {
  if (path.type === "ReplaceFullPath") return { regex: ".*", substitution: path.replaceFullPath ?? "" };
  const prefix = (match?.path?.value ?? "/").replace(/\/$/, "");
  const replacement = (path.replacePrefixMatch ?? "").replace(/\/$/, "");
  const quoted = prefix.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // `/old` and `/old/x` both lose exactly the prefix; what is left always starts with a slash.
  return replacement === "" ? { regex: `^${quoted}(/?)(.*)`, substitution: "/\\2" } : { regex: `^${quoted}(/?)(.*)`, substitution: `${replacement}\\1\\2` };
}

type Redirect = NonNullable<RouteFilter["requestRedirect"]>;

const redirectCodes: Readonly<Record<number, RedirectCode>> = {
  301: RedirectCode.MOVED_PERMANENTLY, 302: RedirectCode.FOUND, 303: RedirectCode.SEE_OTHER, 307: RedirectCode.TEMPORARY_REDIRECT, 308: RedirectCode.PERMANENT_REDIRECT,
};

function applyRedirect(message: Route, redirect: Redirect, match: HttpMatch | undefined): void {
  const pattern = redirect.path?.type === "ReplacePrefixMatch" ? rewritePattern(redirect.path, match) : undefined;
  message.action = create(RouteSchema, {
    action: {
      case: "redirect",
      value: {
        ...(redirect.hostname ? { hostRedirect: redirect.hostname } : {}),
        ...(redirect.port ? { portRedirect: redirect.port } : {}),
        responseCode: redirectCodes[redirect.statusCode ?? 302] ?? RedirectCode.FOUND,
        ...(redirect.scheme ? { schemeRewriteSpecifier: { case: "schemeRedirect" as const, value: redirect.scheme } } : {}),
        ...(redirect.path?.type === "ReplaceFullPath" ? { pathRewriteSpecifier: { case: "pathRedirect" as const, value: redirect.path.replaceFullPath ?? "" } } : {}),
        ...(pattern ? { pathRewriteSpecifier: { case: "regexRewrite" as const, value: { pattern: regex(pattern.regex), substitution: pattern.substitution } } } : {}),
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
