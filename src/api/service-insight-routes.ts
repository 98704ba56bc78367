// Service insights: a mesh keeps one, readers see an item per service (spec/api.md 2.4).
import { toJson, type JsonObject } from "@bufbuild/protobuf";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { ServiceInsight_ServiceSchema, type ServiceInsight, type ServiceInsight_Service as Service } from "#gen/kuma/mesh/v1alpha1/insights_pb.js";
import { KumaError, notFound, printMeta, type Json, type Kind, type Resource } from "#resources";
import { sendJson } from "./errors.ts";
import { matchesKindFilters } from "./kind-filters.ts";
import { pageOf, selectionOf } from "./lists.ts";
import type { ApiOptions } from "./options.ts";
import { queryOf } from "./query.ts";
import { keyOf, mustHaveMesh, writerOf } from "./resource-routes.ts";

export function serviceInsightRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { store, door, access, insights } = options;
  const kind = options.kinds.byName("ServiceInsight");
  if (!insights || !kind) return;
  const collection = `/meshes/:mesh/${kind.path}`;
  const item = `${collection}/:name`;

  const list = (request: FastifyRequest): Json => {
    const { mesh } = request.params as { readonly mesh?: string };
    access.check(writerOf(request), kind, "list");
    if (mesh !== undefined) mustHaveMesh(options, kind, request);
    const stored = store.list(kind.name, mesh === undefined ? {} : { mesh }) as readonly Resource<ServiceInsight>[];
    // Here an unknown type is said before a wrong page; services have no labels to filter by.
    matchesKindFilters(kind, queryOf(request), collection);
    const { total, items, next } = pageOf(selectionOf(kind, request, { attempt: "Could not paginate resources", hasLabels: false }), stored.flatMap(servicesOf), request);
    return { total, items: items.map((it) => printed(kind, it)), next };
  };
  app.get(`/${kind.path}`, async (request, reply) => sendJson(reply, list(request)));
  app.get(collection, async (request, reply) => sendJson(reply, list(request)));

  app.get(item, async (request, reply) => {
    access.check(writerOf(request), kind, "get");
    mustHaveMesh(options, kind, request);
    const { mesh, name } = keyOf(kind, request);
    const [insight] = store.list(kind.name, { mesh }) as readonly Resource<ServiceInsight>[];
    if (!insight) throw new KumaError(notFound("Not found").failure, { attempt: "Could not retrieve a resource" });
    return sendJson(reply, printed(kind, { ...insight, name, spec: insight.spec.services[name] ?? insights.unknownService(name) }));
  });

  // Counted, never written: the door says so.
  app.put(item, async (request) => door.writeDocument(writerOf(request), keyOf(kind, request), () => ({})));
  app.delete(item, async (request) => door.remove(writerOf(request), keyOf(kind, request)));
}

const servicesOf = (insight: Resource<ServiceInsight>): readonly Resource<Service>[] =>
  Object.entries(insight.spec.services).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, spec]) => ({ ...insight, name, spec }));

const printed = (kind: Kind, service: Resource): Json => ({ ...printMeta(kind, service, kind.name), ...(toJson(ServiceInsight_ServiceSchema, service.spec as Service) as JsonObject) });
