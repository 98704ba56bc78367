// What each route takes and answers: told by its path and method, so that a new route of a kind is documented by being there.
import type { Kind } from "#resources";
import { listOf, refTo } from "./kind-schemas.ts";
import type { JsonSchema } from "./message-schema.ts";

export interface Route {
  readonly method: string;
  /** `/meshes/:mesh/dataplanes/:name`. */
  readonly url: string;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters: readonly JsonSchema[];
  readonly requestBody?: JsonSchema;
  readonly responses: Readonly<Record<string, JsonSchema>>;
}

export const templateOf = (url: string): string => url.replaceAll(/:(\w+)/g, "{$1}");

export function operationOf(route: Route, kinds: readonly Kind[]): Operation {
  const { kind, form } = placeOf(route.url, kinds);
  const operationId = `${route.method.toLowerCase()}${templateOf(route.url).replaceAll(/[{}]/g, "").replaceAll(/[^A-Za-z0-9_]+/g, "-")}`;
  const path = [...route.url.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: "path", required: true, schema: { type: "string", minLength: 1 } }));
  const tags = [kind?.name ?? (route.url.startsWith("/tokens/") ? "Tokens" : "Control plane")];
  const base = { operationId, tags, responses: failures };
  const json = (status: number, description: string, schema: JsonSchema, headers?: JsonSchema) => ({ [status]: { description, ...(headers ? { headers } : {}), content: { "application/json": { schema } } } });
  if (kind && form === "list") return { ...base, summary: `List ${kind.displayNamePlural}`, parameters: [...path, ...listParameters], responses: { ...listAnswer(kind), ...failures } };
  if (kind && form === "item" && route.method === "GET") {
    return { ...base, summary: `Read one ${kind.displayName}`, parameters: [...path, ...itemParameters], responses: { ...json(200, "The resource.", refTo(kind.name), tagHeader), 304: { description: "The caller has this version already." }, ...failures } };
  }
  if (kind && form === "item" && route.method === "PUT") {
    const requestBody = { required: true, content: { "application/json": { schema: refTo(kind.name) } } };
    const responses = { ...json(200, "Replaced.", refTo("Written"), tagHeader), ...json(201, "Created.", refTo("Written"), tagHeader), ...failures };
    return { ...base, summary: `Create or replace one ${kind.displayName}`, parameters: [...path, ...conditions], requestBody, responses };
  }
  if (kind && form === "item") return { ...base, summary: `Delete one ${kind.displayName}`, parameters: [...path, ifMatch], responses: { ...json(200, "Deleted.", refTo("Written")), ...failures } };
  if (route.method === "POST") {
    const requestBody = { required: true, content: { "application/json": { schema: { type: "object" } } } };
    return { ...base, summary: `Issue a ${route.url.split("/").at(-1)} token`, parameters: path, requestBody, responses: { 200: { description: "The token.", content: { "text/plain": { schema: { type: "string" } } } }, ...failures } };
  }
  const isList = form === "overview" || route.url.endsWith("/_resources/dataplanes");
  const answer = isList ? listOf({ type: "object" }) : refTo("Page");
  return { ...base, summary: `Read ${templateOf(route.url)}`, parameters: [...path, ...(isList ? listParameters : [])], responses: { ...json(200, "The page.", answer), ...failures } };
}

interface Place {
  readonly kind?: Kind;
  readonly form: "list" | "item" | "overview" | "page";
}

/** Which kind a path is about, and whether it is a collection of it, one of it, or something else. */
function placeOf(url: string, kinds: readonly Kind[]): Place {
  const [, first = "", ...rest] = url.split("/");
  const inner = first === "meshes" && rest[0] === ":mesh" ? rest.slice(1) : [first, ...rest];
  const [path = "meshes", second, ...more] = inner.length === 0 ? ["meshes", ":name"] : inner;
  const kind = kinds.find((it) => it.path === path || it.pathAlias === path);
  if (!kind) return { form: path.includes("+insights") && second === undefined ? "overview" : "page" };
  if (second === undefined) return { kind, form: "list" };
  if (more.length > 0) return { kind, form: "page" };
  return { kind, form: second.startsWith(":") ? "item" : second === "_overview" ? "overview" : "page" };
}

const query = (name: string, schema: JsonSchema, description: string): JsonSchema => ({ name, in: "query", required: false, schema, description });
const header = (name: string, description: string): JsonSchema => ({ name, in: "header", required: false, schema: { type: "string" }, description });
const ifMatch = header("If-Match", "Only when the stored version is this one; `*`: only when it exists.");
const conditions = [ifMatch, header("If-None-Match", "`*`: only when it does not exist yet.")];
const itemParameters = [
  query("format", { type: "string", enum: ["universal", "k8s", "kubernetes"] }, "The form of the document."),
  header("If-None-Match", "The version that the caller has."),
];
const listParameters = [
  query("size", { type: "integer", minimum: 1, maximum: 1000, default: 100 }, "Items of a page."),
  query("offset", { type: "integer", minimum: 0 }, "Items to leave out before the page."),
  query("name", { type: "string" }, "A part of the name."),
];
const tagHeader: JsonSchema = { ETag: { schema: { type: "string" }, description: "The version of the resource." } };

const listAnswer = (kind: Kind) => ({
  200: {
    description: "A page of the collection, or all of it as lines.",
    content: { "application/json": { schema: refTo(`${kind.name}List`) }, "application/x-ndjson": { schema: { type: "string", description: "All resources, one a line, whatever the size of a page." } } },
  },
});

const failure = (description: string): JsonSchema => ({ description, content: { "application/json": { schema: refTo("Error") }, "text/plain": { schema: { type: "string" } } } });

/** Every refusal there is; each operation points to all of them. */
export const refusals: Readonly<Record<string, JsonSchema>> = {
  400: failure("The request cannot be read, or the resource is not valid."),
  401: failure("The credential is not valid."),
  403: failure("The caller may not do this."),
  404: failure("There is no such path, mesh or resource."),
  405: failure("Not with this method, or not on this control plane."),
  406: failure("The answer cannot be given in this media type."),
  408: failure("The body did not arrive in time."),
  409: failure("Somebody else has written in between."),
  412: failure("The condition of the request does not hold."),
  413: failure("The body is too large."),
  414: failure("The path is too long."),
  415: failure("The body is not JSON."),
};

const failures: Readonly<Record<string, JsonSchema>> = Object.fromEntries(Object.keys(refusals).map((status) => [status, { $ref: `#/components/responses/Refused${status}` }]));
