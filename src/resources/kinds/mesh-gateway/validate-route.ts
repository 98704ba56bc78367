// The meaning of a MeshGatewayRoute: matches, filters, backends.
import type {
  MeshGatewayRoute, MeshGatewayRoute_Backend as Backend, MeshGatewayRoute_HttpRoute_Filter as Filter, MeshGatewayRoute_HttpRoute_Filter_HeaderFilter as HeaderFilter, MeshGatewayRoute_HttpRoute_Filter_Mirror as Mirror,
  MeshGatewayRoute_HttpRoute_Filter_Redirect as Redirect, MeshGatewayRoute_HttpRoute_Match as Match, MeshGatewayRoute_HttpRoute_Rule as Rule,
} from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import { violation, type Violation } from "../../failure.ts";
import { validatePort } from "../field-rules.ts";
import { notEmpty, percentage, when } from "../older-policies/checks.ts";
import { validateMatch, validateSelectors } from "../older-policies/selectors.ts";

export function validateMeshGatewayRoute({ selectors, conf }: MeshGatewayRoute): readonly Violation[] {
  return [...validateSelectors("selectors", selectors), ...validateRoute(conf?.route)];
}

function validateRoute(route: NonNullable<MeshGatewayRoute["conf"]>["route"] | undefined): readonly Violation[] {
  if (route?.case === undefined) return [violation("conf", "cannot be empty")];
  if (route.case === "http") {
    const { rules } = route.value;
    return rules.length === 0 ? [violation("conf.http.rules", "cannot be empty")] : rules.flatMap((it, index) => validateRule(`conf.http.rules[${index}]`, it));
  }
  return [];
}

function validateRule(at: string, { matches, filters, backends }: Rule): readonly Violation[] {
  if (matches.length === 0) return [violation(`${at}.matches`, "cannot be empty")];
  const matchesPrefix = matches.some((it) => it.path?.match === 1);
  const isRedirect = filters.some((it) => it.filter.case === "redirect");
  return [
    ...matches.flatMap((it, index) => validateMatches(`${at}.matches[${index}]`, it)),
    ...filters.flatMap((it, index) => validateFilter(`${at}.filters[${index}]`, it)),
    ...filters.flatMap(({ filter }, index) => {
      const replaces = filter.case === "rewrite" && filter.value.path.case === "replacePrefixMatch";
      return when(replaces && !matchesPrefix, `${at}.filters[${index}].rewrite.replacePrefixMatch`, "cannot be used without a match on path prefix");
    }),
    ...when(isRedirect && filters.length > 1, `${at}.filters`, "redirects cannot be used with other filters"),
    ...(isRedirect ? [] : backends.length === 0 ? notEmpty(`${at}.backends`, undefined) : validateBackends(at, backends)),
  ];
}

const validateBackend = (at: string, backend: Backend): readonly Violation[] => validateMatch(at, backend.destination);
const validateBackends = (at: string, backends: readonly Backend[]): readonly Violation[] => backends.flatMap((it, index) => validateBackend(`${at}.backends[${index}]`, it));

function validateMatches(at: string, { path, method, headers, queryParameters }: Match): readonly Violation[] {
  if (!path && method === 0 && headers.length === 0 && queryParameters.length === 0) return [violation(at, "cannot be empty")];
  const isAbsolute = path === undefined || path.match === 2 || path.value.startsWith("/");
  const pairs = (field: string, items: readonly { readonly name: string; readonly value: string; readonly match: number }[]) =>
    items.flatMap((it, index) => [
      ...notEmpty(`${at}.${field}[${index}].name`, it.name),
      ...(it.match < 2 ? notEmpty(`${at}.${field}[${index}].value`, it.value) : []), // absent and present need none
    ]);
  return [...when(!isAbsolute, `${at}.value`, "must be an absolute path"), ...pairs("headers", headers), ...pairs("query_parameters", queryParameters)];
}

function validateFilter(at: string, { filter }: Filter): readonly Violation[] {
  if (filter.case === "requestHeader") return validateHeaders(`${at}.request_header`, filter.value);
  if (filter.case === "responseHeader") return validateHeaders(`${at}.response_header`, filter.value);
  if (filter.case === "mirror") return validateMirror(`${at}.mirror`, filter.value);
  return filter.case === "redirect" ? validateRedirect(`${at}.redirect`, filter.value) : [];
}

function validateHeaders(at: string, { set, add, remove }: HeaderFilter): readonly Violation[] {
  if (set.length + add.length + remove.length === 0) return [violation(at, "cannot be empty")];
  const named = (field: string, items: HeaderFilter["set"]) => items.flatMap((it, index) => [...notEmpty(`${at}.${field}[${index}].name`, it.name), ...notEmpty(`${at}.${field}[${index}].value`, it.value)]);
  return [...named("set", set), ...named("add", add), ...remove.flatMap((it, index) => notEmpty(`${at}.remove[${index}]`, it))];
}

function validateMirror(at: string, mirror: Mirror): readonly Violation[] {
  const share = mirror.percentage === undefined ? notEmpty(`${at}.percentage`, undefined) : percentage(`${at}.percentage`, mirror.percentage);
  return [...share, ...(mirror.backend ? validateBackend(`${at}.backend`, mirror.backend) : notEmpty(`${at}.backend`, undefined))];
}

function validateRedirect(at: string, { port, statusCode }: Redirect): readonly Violation[] {
  return [...(port === 0 ? [] : validatePort(`${at}.port`, port)), ...when(statusCode < 300 || statusCode > 308, `${at}.status_code`, "must be in the range [300, 308]")];
}
