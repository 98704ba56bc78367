// Create, read, update, delete and list: the same for every kind (spec/api.md 2.3, 2.4).
import type { FastifyInstance, FastifyRequest } from "fastify";
import { badRequest, KumaError, notFound, printKubernetes, printResource, violation, type Json, type Kind, type Resource, type ResourceKey } from "#resources";
import { ApiError, sendJson } from "./errors.ts";
import { pageOf } from "./lists.ts";
import { queryOf, single } from "./query.ts";
import type { ApiOptions } from "./options.ts";

export function resourceRoutes(app: FastifyInstance, options: ApiOptions): void {
  const plain = options.kinds.all.filter((it) => it.name !== "ServiceInsight" || !options.insights);
  for (const kind of plain) for (const path of [kind.path, kind.pathAlias ?? ""].filter(Boolean)) kindRoutes(app, options, kind, path);
}

function kindRoutes(app: FastifyInstance, options: ApiOptions, kind: Kind, path: string): void {
  const { store, door, access } = options;
  const isMeshScoped = kind.scope === "Mesh";
  const collection = isMeshScoped ? `/meshes/:mesh/${path}` : `/${path}`;
  const item = `${collection}/:name`;

  if (isMeshScoped) app.get(`/${path}`, async (request, reply) => sendJson(reply, listAll(options, kind, request)));
  app.get(collection, async (request, reply) => sendJson(reply, listAll(options, kind, request)));

  app.get(item, async (request, reply) => {
    access.check(writerOf(request), kind, "get");
    mustHaveMesh(options, kind, request);
    const resource = store.get(keyOf(kind, request));
    if (!resource) throw unknownResource();
    return sendJson(reply, inFormat(options, kind, resource, request));
  });

  app.put(item, async (request, reply) => {
    const { isNew, warnings } = await door.writeDocument(writerOf(request), keyOf(kind, request), () => documentOfBody(kind, request.body));
    return sendJson(reply.code(isNew ? 201 : 200), warnings.length > 0 ? { warnings } : {});
  });

  app.delete(item, async (request, reply) => {
    await door.remove(writerOf(request), keyOf(kind, request));
    return sendJson(reply, {});
  });
}

const unknownResource = () => new KumaError(notFound("Not found").failure, { attempt: "Could not retrieve a resource" });

function listAll(options: ApiOptions, kind: Kind, request: FastifyRequest): Json {
  const { total, items, next } = listPage(options, kind, request);
  return { total, items: items.map((it) => printed(kind, it)), next };
}

/** The page of resources a list request asks for, after access and mesh. */
export function listPage(options: ApiOptions, kind: Kind, request: FastifyRequest) {
  const { mesh } = request.params as { readonly mesh?: string };
  options.access.check(writerOf(request), kind, "list");
  if (mesh !== undefined) mustHaveMesh(options, kind, request);
  return pageOf(kind, options.store.list(kind.name, mesh === undefined ? {} : { mesh }), request);
}

export const writerOf = (request: FastifyRequest) => ({ is: "user", user: request.user }) as const;

export function keyOf(kind: Kind, request: FastifyRequest): ResourceKey {
  const { mesh = "", name = "" } = request.params as { readonly mesh?: string; readonly name?: string };
  return { type: kind.name, mesh, name };
}

export function mustHaveMesh({ store }: ApiOptions, kind: Kind, request: FastifyRequest): void {
  const { mesh } = keyOf(kind, request);
  if (kind.scope !== "Mesh" || store.get({ type: "Mesh", mesh: "", name: mesh })) return;
  throw new KumaError(notFound("Not found").failure, { attempt: "Failed to retrieve Mesh" });
}

/** JSON of a body; what is no JSON is refused in the words for its kind. */
function documentOfBody(kind: Kind, body: unknown): unknown {
  const text = typeof body === "string" ? body : "";
  if (text.trim() === "") throw badRequest(`invalid ${kind.name} object: "unexpected end of JSON input"`);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const isCutOff = /end of JSON input|^Expected .* at position (\d+)/.exec(reason);
    const goText = isCutOff && (isCutOff[1] === undefined || Number(isCutOff[1]) >= text.trimEnd().length) ? "unexpected end of JSON input" : reason;
    throw badRequest(`invalid ${kind.name} object: ${JSON.stringify(goText)}`);
  }
}

export function inFormat(options: ApiOptions, kind: Kind, resource: Resource, request: FastifyRequest): Json {
  const query = queryOf(request);
  const format = single(query["format"]) || "universal";
  if (format === "universal") return printed(kind, resource);
  if (format === "k8s" || format === "kubernetes") return printKubernetes(kind, resource, single(query["namespace"]) || options.place.systemNamespace);
  const violations = [violation("", '"format" must be one of ["k8s", "kubernetes", "universal"]')];
  throw new ApiError({ status: 400, title: "Could not retrieve a resource", detail: "Resource is not valid", violations });
}

/** Resources do not change: what was printed once stays right. */
const documents = new WeakMap<Resource, Json>();

export function printed(kind: Kind, resource: Resource): Json {
  const known = documents.get(resource);
  if (known) return known;
  const document = printResource(kind, resource);
  documents.set(resource, document);
  return document;
}
