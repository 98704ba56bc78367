// What a MeshHTTPRoute must satisfy beyond its schema (spec/api.md 1.11).
import {
  eachItem, topKinds, validateBackendRefs, validateTargetRef, violation, type HeaderModifier, type Resource, type TargetRefKind, type Violation,
} from "#resources";
import type { HttpFilter, HttpMatch, HttpRule, MeshHTTPRouteSpec } from "./kind.ts";

type PathRewrite = NonNullable<NonNullable<HttpFilter["urlRewrite"]>["path"]>;

/** What decides about a filter besides the filter itself. */
interface Place {
  readonly isGateway: boolean;
  readonly arePrefixes: boolean;
}

export function validateMeshHTTPRoute(spec: MeshHTTPRouteSpec, resource: Resource): Violation[] {
  const isGateway = spec.targetRef?.kind === "MeshGateway";
  const kinds: readonly TargetRefKind[] = isGateway ? ["Mesh"] : ["MeshService", "MeshExternalService", "MeshMultiZoneService"];
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: topKinds(resource, { gateway: "system" }), gatewayTags: true }),
    ...eachItem("spec.to", spec.to, (path, item) => [
      ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds }),
      ...eachItem(`${path}.rules`, item.rules, (rulePath, rule) => validateRule(rulePath, rule, isGateway)),
      ...(item.hostnames?.length && !isGateway ? [violation(`${path}.hostnames`, "must not be defined")] : []),
    ]),
  ];
}

function validateRule(path: string, rule: HttpRule, isGateway: boolean): Violation[] {
  const { filters, backendRefs } = rule.default;
  const place: Place = { isGateway, arePrefixes: rule.matches.every((match) => match.path?.type === "PathPrefix") };
  const isRedirect = filters?.some((filter) => filter.type === "RequestRedirect");
  const field = `${path}.default.backendRefs`;
  return [
    ...eachItem(`${path}.matches`, rule.matches, validateMatch),
    ...eachItem(`${path}.default.filters`, filters, (filterPath, filter) => validateFilter(filterPath, filter, place)),
    ...(isGateway && !backendRefs?.length && !isRedirect ? [violation(field, "must not be empty")] : []),
    ...validateBackendRefs(field, backendRefs ?? []),
  ];
}

function validateMatch(path: string, { path: pathMatch, queryParams = [], headers }: HttpMatch): Violation[] {
  const field = `${path}.path.value`;
  const found: Violation[] = [];
  if (pathMatch && pathMatch.type !== "RegularExpression" && !pathMatch.value.startsWith("/")) found.push(violation(field, "must be an absolute path"));
  else if (pathMatch?.type === "PathPrefix" && pathMatch.value !== "/" && pathMatch.value.endsWith("/")) {
    found.push(violation(field, "does not need a trailing slash because only a `/`-separated prefix or an entire path is matched"));
  }
  return [
    ...found,
    ...eachItem(`${path}.queryParams`, queryParams, (it, { name }, index) =>
      queryParams.findIndex((other) => other.name === name) < index ? [violation(`${it}.name`, `multiple entries for name ${name}`)] : [],
    ),
    ...eachItem(`${path}.headers`, headers, (it, { type, value }) =>
      (type === "Present" || type === "Absent") && value ? [violation(`${it}.value`, "must not be defined")] : [],
    ),
  ];
}

function validateFilter(path: string, filter: HttpFilter, place: Place): Violation[] {
  const missing = (field: string): Violation[] => [violation(`${path}.${field}`, "must be defined")];
  switch (filter.type) {
    case "RequestHeaderModifier":
      return filter.requestHeaderModifier ? validateModifier(`${path}.requestHeaderModifier`, filter.requestHeaderModifier) : missing("requestHeaderModifier");
    case "ResponseHeaderModifier":
      return filter.responseHeaderModifier ? validateModifier(`${path}.responseHeaderModifier`, filter.responseHeaderModifier) : missing("responseHeaderModifier");
    case "RequestRedirect":
      return filter.requestRedirect
        ? [
            ...validatePath(`${path}.requestRedirect.path`, filter.requestRedirect.path, place),
            ...validateHostname(`${path}.requestRedirect.hostname`, filter.requestRedirect.hostname),
          ]
        : missing("requestRedirect");
    case "URLRewrite":
      return filter.urlRewrite ? validateRewrite(`${path}.urlRewrite`, filter.urlRewrite, place) : missing("urlRewrite");
    case "RequestMirror":
      return filter.requestMirror
        ? validateTargetRef(`${path}.requestMirror.backendRef`, filter.requestMirror.backendRef, { kinds: ["MeshService", "MeshServiceSubset"] })
        : missing("requestMirror");
    default:
      return filter.type satisfies never;
  }
}

function validateModifier(path: string, { set, add, remove }: HeaderModifier): Violation[] {
  if (!set && !add && !remove) return [violation(path, "must have at least one defined: set, add, remove")];
  const seen = new Set<string>();
  const repeated = (field: string, name: string): Violation[] => {
    if (seen.has(name)) return [violation(field, "duplicate header name")];
    seen.add(name);
    return [];
  };
  return [
    ...eachItem(`${path}.set`, set, (it, { name }) => repeated(`${it}.name`, name)),
    ...eachItem(`${path}.add`, add, (it, { name }) => repeated(`${it}.name`, name)),
    ...eachItem(`${path}.remove`, remove, (it, name) => repeated(`${it}.name`, name)),
  ];
}

const validatePath = (path: string, rewrite: PathRewrite | undefined, { arePrefixes }: Place): Violation[] =>
  rewrite?.replacePrefixMatch !== undefined && !arePrefixes
    ? [violation(`${path}.replacePrefixMatch`, "can only appear if all matches match a path prefix")]
    : [];

const validateHostname = (field: string, hostname: string | undefined): Violation[] =>
  hostname !== undefined && /^\d+\.\d+\.\d+\.\d+$/.test(hostname) ? [violation(field, "cannot be an IP address")] : [];

function validateRewrite(path: string, rewrite: NonNullable<HttpFilter["urlRewrite"]>, place: Place): Violation[] {
  const field = `${path}.hostToBackendHostname`;
  return [
    ...validatePath(`${path}.path`, rewrite.path, place),
    ...validateHostname(`${path}.hostname`, rewrite.hostname),
    ...(rewrite.hostToBackendHostname && !place.isGateway ? [violation(field, "can only be set with MeshGateway")] : []),
    ...(rewrite.hostToBackendHostname && rewrite.hostname !== undefined ? [violation(field, "cannot be set together with hostname")] : []),
  ];
}
