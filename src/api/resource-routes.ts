// Create, read, update, delete and list: the same for every kind (spec/api.md 2.3, 2.4).
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { badRequest, KumaError, notFound, printKubernetes, printResource, violation, type Json, type Kind, type Resource, type ResourceKey } from "#resources";
import { isKnownToCaller, preconditionOf, tagOf } from "./entity-tags.ts";
import { ApiError, sendAs, sendJson } from "./errors.ts";
import { sendLines, wantsLines } from "./exports.ts";
import { readJson } from "./json-body.ts";
import { pageOf, selectionOf, type Page, type Selection } from "./lists.ts";
import { mayReadSecrets, withoutPrivateKeys } from "./private-keys.ts";
import { queryOf, single } from "./query.ts";
import type { ApiOptions } from "./options.ts";
import { listText, recentAnswers, resourceAnswer, resourceItem, type RecentAnswers } from "./texts.ts";

export function resourceRoutes(app: FastifyInstance, options: ApiOptions): void {
  const answers = recentAnswers();
  const plain = options.kinds.all.filter((it) => it.name !== "ServiceInsight" || !options.insights);
  for (const kind of plain) for (const path of [kind.path, kind.pathAlias ?? ""].filter(Boolean)) kindRoutes(app, { ...options, answers }, kind, path);
}

interface ResourceOptions extends ApiOptions {
  readonly answers: RecentAnswers;
}

function kindRoutes(app: FastifyInstance, options: ResourceOptions, kind: Kind, path: string): void {
  const { store, door, access } = options;
  const isMeshScoped = kind.scope === "Mesh";
  const collection = isMeshScoped ? `/meshes/:mesh/${path}` : `/${path}`;
  const item = `${collection}/:name`;
  const isAdminOnly = kind.adminOnly === true;
  const list = { config: { sendsLines: true, isAdminOnly } };

  if (isMeshScoped) app.get(`/${path}`, list, async (request, reply) => sendList(options, kind, request, reply));
  app.get(collection, list, async (request, reply) => sendList(options, kind, request, reply));

  app.get(item, { config: { isAdminOnly } }, async (request, reply) => {
    access.check(writerOf(request), kind, "get");
    mustHaveMesh(options, kind, request);
    const resource = store.get(keyOf(kind, request));
    if (!resource) throw unknownResource();
    if (!isUniversal(request)) return sendJson(reply, inFormat(options, kind, resource, request));
    // What is counted when it is read has no version that tells its states apart.
    if (!kind.readOnly) reply.header("etag", tagOf(resource));
    if (!kind.readOnly && isKnownToCaller(request, resource)) return reply.code(304).send();
    return sendAs(reply, "application/json", shownTo(options, request)(resourceAnswer(options.answers, kind, resource)));
  });

  app.put(item, async (request, reply) => {
    const precondition = preconditionOf(request, "Could not process a resource");
    const { resource, isNew, warnings, unknownFields = [] } = await door.writeDocument(writerOf(request), keyOf(kind, request), () => documentOfBody(kind, request.body), { precondition });
    if (unknownFields.length > 0) reply.header("warning", unknownFields.map((it) => warningOf(`${it} is not a field of ${kind.name} and is ignored`)));
    return sendJson(reply.code(isNew ? 201 : 200).header("etag", tagOf(resource)), warnings.length > 0 ? { warnings } : {});
  });

  app.delete(item, async (request, reply) => {
    await door.remove(writerOf(request), keyOf(kind, request), { precondition: preconditionOf(request, "Could not delete a resource") });
    return sendJson(reply, {});
  });
}

/** As the Kubernetes API does: beside the body, which stays what Kuma's clients know. */
const warningOf = (text: string): string => `299 - "${text.replaceAll(/[^\x20-\x7e]/g, "?").replaceAll(/["\\]/g, String.raw`\$&`)}"`;

const unknownResource = () => new KumaError(notFound("Not found").failure, { attempt: "Could not retrieve a resource" });

function sendList(options: ResourceOptions, kind: Kind, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { all, selection } = listed(options, kind, request);
  if (wantsLines(request.headers.accept)) return sendLines(reply, kind, selection.filter ? all.filter(selection.filter) : all, shownTo(options, request));
  // The next page's address says under which name we were asked.
  const page = options.answers.pages.of(`${request.protocol}://${request.host}${request.url}`, all, () => {
    const { total, items, next } = pageOf(selection, all, request);
    return Buffer.from(listText(total, items.map((it) => resourceItem(options.answers, kind, it)), next));
  });
  return sendAs(reply, "application/json", shownTo(options, request)(page));
}

/** The page of resources a list request asks for, after access and mesh. */
export function listPage(options: ApiOptions, kind: Kind, request: FastifyRequest): Page {
  const { all, selection } = listed(options, kind, request);
  return pageOf(selection, all, request);
}

function listed(options: ApiOptions, kind: Kind, request: FastifyRequest): { readonly all: readonly Resource[]; readonly selection: Selection } {
  const { mesh } = request.params as { readonly mesh?: string };
  options.access.check(writerOf(request), kind, "list");
  const selection = selectionOf(kind, request);
  if (mesh !== undefined) mustHaveMesh(options, kind, request);
  return { all: options.store.list(kind.name, mesh === undefined ? {} : { mesh }), selection };
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
  const read = readJson(body);
  if (read.is === "json") return read.value;
  throw badRequest(`invalid ${kind.name} object: ${JSON.stringify(read.reason)}`);
}

/** What of a text this caller may see. */
const shownTo = ({ access, kinds }: ApiOptions, request: FastifyRequest) => (text: Buffer): Buffer => withoutPrivateKeys(text, () => mayReadSecrets(access, kinds, writerOf(request)));

const formatOf = (request: FastifyRequest): string => single(queryOf(request)["format"]) || "universal";
const isUniversal = (request: FastifyRequest): boolean => formatOf(request) === "universal";

export function inFormat(options: ApiOptions, kind: Kind, resource: Resource, request: FastifyRequest): Json {
  const query = queryOf(request);
  const format = formatOf(request);
  const shown = (document: Json): Json => JSON.parse(shownTo(options, request)(Buffer.from(JSON.stringify(document))).toString("utf8")) as Json;
  if (format === "universal") return shown(printResource(kind, resource));
  if (format === "k8s" || format === "kubernetes") return shown(printKubernetes(kind, resource, single(query["namespace"]) || options.place.systemNamespace));
  const violations = [violation("", '"format" must be one of ["k8s", "kubernetes", "universal"]')];
  throw new ApiError({ status: 400, title: "Could not retrieve a resource", detail: "Resource is not valid", violations });
}
