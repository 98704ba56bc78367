// Collections: filters, pages and the link to the next page (spec/api.md 2.4).
import type { FastifyRequest } from "fastify";
import { invalid, KumaError, violation, type Kind, type Resource } from "#resources";
import { ApiError } from "./errors.ts";
import { matchesKindFilters } from "./kind-filters.ts";
import { queryOf, single, type Query } from "./query.ts";

const defaultAttempt = "Could not retrieve resources";

export interface Page {
  readonly total: number;
  readonly items: readonly Resource[];
  readonly next: string | null;
}

/** The page a request asks for; `resources` are sorted already. */
export function pageOf(kind: Kind, resources: readonly Resource[], request: FastifyRequest, attempt = defaultAttempt): Page {
  const query = queryOf(request);
  const size = pageSize(single(query["size"]), attempt);
  const offset = pageOffset(single(query["offset"]), attempt);
  const found = matchingOf(kind, resources, request);
  const end = offset + size;
  return { total: found.length, items: found.slice(offset, end), next: end < found.length ? nextUrl(request, end) : null };
}

/** Those of the resources that the filters of a request let through. */
export function matchingOf(kind: Kind, resources: readonly Resource[], request: FastifyRequest): readonly Resource[] {
  const matching = filterOf(kind, queryOf(request), request.routeOptions.url ?? "");
  return matching ? resources.filter(matching) : resources;
}

export function pageSize(text: string | undefined, attempt = defaultAttempt): number {
  if (!text) return 100;
  const wrong = (reason: string) => new ApiError({ status: 400, title: attempt, detail: "Invalid page size", violations: [violation("size", reason)] });
  if (!/^[+-]?\d+$/.test(text)) throw wrong("invalid format");
  const size = Number(text);
  if (size <= 0) throw wrong("must be greater than 0");
  if (size > 1000) throw wrong(`invalid page size of ${size}. Maximum page size is 1000`);
  return size;
}

export function pageOffset(text: string | undefined, attempt = defaultAttempt): number {
  if (!text) return 0;
  const wrong = (reason: string) => new ApiError({ status: 400, title: attempt, detail: `invalid: invalid offset: ${reason}` });
  if (!/^[+-]?\d+$/.test(text)) throw wrong(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const offset = Number(text);
  if (Math.abs(offset) > Number.MAX_SAFE_INTEGER) throw wrong(`strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
  if (offset < 0) throw wrong("must be non-negative");
  return offset;
}

function filterOf(kind: Kind, query: Query, route: string): ((resource: Resource) => boolean) | undefined {
  const name = single(query["name"]) ?? "";
  const path = route.replaceAll(/:(\w+)/g, "{$1}");
  const labels = labelFilters(query, path);
  const own = matchesKindFilters(kind, query, path);
  if (!name && labels.length === 0 && !own) return undefined;
  return (resource) => resource.name.includes(name) && labels.every(([key, value]) => resource.labels[key] === value) && (own?.(resource) ?? true);
}

function labelFilters(query: Query, route: string): readonly (readonly [key: string, value: string])[] {
  return Object.entries(query).flatMap(([parameter, value]) => {
    if (!parameter.startsWith("filter[")) return [];
    const refuse = (message: string) => new KumaError(invalid([violation(`${route}.${parameter}`, message)]).failure, { attempt: defaultAttempt });
    const match = /^filter\[([^\]]*)\](.*)$/.exec(parameter);
    if (!match?.[1]?.startsWith("labels.")) throw refuse("filters are only supported on labels");
    if (match[2]) throw refuse("advanced filters are not supported");
    return [[match[1].slice("labels.".length), single(value) ?? ""] as const];
  });
}

export function nextUrl(request: FastifyRequest, offset: number): string {
  const query = new URLSearchParams(request.url.split("?", 2)[1] ?? "");
  query.set("offset", String(offset));
  query.sort();
  return `${request.protocol}://${request.host}${request.url.split("?", 1)[0]}?${query.toString()}`;
}
