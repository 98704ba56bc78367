// Collections: filters, pages and the link to the next page (spec/api.md 2.4).
import type { FastifyRequest } from "fastify";
import { invalid, KumaError, violation, type Kind, type Resource, type Violation } from "#resources";
import { ApiError } from "./errors.ts";
import { matchesKindFilters } from "./kind-filters.ts";
import { queryOf, single, type Query } from "./query.ts";

const defaultAttempt = "Could not retrieve resources";

export interface Page {
  readonly total: number;
  readonly items: readonly Resource[];
  readonly next: string | null;
}

/** What a request wants of a collection, as far as it is wrong or right whatever the collection holds. */
export interface Selection {
  readonly size: number;
  /** Absent when all resources are wanted. */
  readonly filter: ((resource: Resource) => boolean) | undefined;
  readonly attempt: string;
}

/** Read before it is asked whether the mesh is there. */
export function selectionOf(kind: Kind, request: FastifyRequest, { attempt = defaultAttempt, hasLabels = true } = {}): Selection {
  const query = queryOf(request);
  const size = pageSize(single(query["size"]), attempt);
  return { size, filter: filterOf(kind, query, request.routeOptions.url ?? "", hasLabels), attempt };
}

/** The page a request asks for; `resources` are sorted already. */
export function pageOf({ size, filter, attempt }: Selection, resources: readonly Resource[], request: FastifyRequest): Page {
  const offset = pageOffset(single(queryOf(request)["offset"]), attempt);
  const found = filter ? resources.filter(filter) : resources;
  const end = offset + size;
  return { total: found.length, items: found.slice(offset, end), next: end < found.length ? nextUrl(request, end) : null };
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

function filterOf(kind: Kind, query: Query, route: string, hasLabels: boolean): ((resource: Resource) => boolean) | undefined {
  const name = single(query["name"]) ?? "";
  const path = route.replaceAll(/:(\w+)/g, "{$1}");
  const labels = hasLabels ? labelFilters(query, path) : [];
  const own = matchesKindFilters(kind, query, path);
  if (!name && labels.length === 0 && !own) return undefined;
  return (resource) => resource.name.includes(name) && labels.every(([key, value]) => resource.labels[key] === value) && (own?.(resource) ?? true);
}

function labelFilters(query: Query, route: string): readonly (readonly [key: string, value: string])[] {
  const filters: (readonly [string, string])[] = [];
  const problems: Violation[] = [];
  for (const [parameter, value] of Object.entries(query)) {
    if (!parameter.startsWith("filter[")) continue;
    const match = /^filter\[([^\]]*)\](.*)$/.exec(parameter);
    if (!match?.[1]?.startsWith("labels.")) problems.push(violation(`${route}.${parameter}`, "filters are only supported on labels"));
    else if (match[2]) problems.push(violation(`${route}.${parameter}`, "advanced filters are not supported"));
    else filters.push([match[1].slice("labels.".length), single(value) ?? ""]);
  }
  if (problems.length > 0) throw new KumaError(invalid(problems).failure, { attempt: defaultAttempt });
  return filters;
}

export function nextUrl(request: FastifyRequest, offset: number): string {
  const query = new URLSearchParams(request.url.split("?", 2)[1] ?? "");
  query.set("offset", String(offset));
  query.sort();
  return `${request.protocol}://${request.host}${request.url.split("?", 1)[0]}?${query.toString()}`;
}
