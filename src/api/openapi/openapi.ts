// The OpenAPI document of the API, made from the kinds and the routes that are really there. Served where Kuma has no path: `/openapi.json`.
import type { FastifyInstance } from "fastify";
import { sendJson } from "../errors.ts";
import type { ApiOptions } from "../options.ts";
import { schemasOf } from "./kind-schemas.ts";
import { operationOf, refusals, templateOf, type Route } from "./operations.ts";

/** Must be called before other routes are added: it describes those that follow. */
export function openApiRoute(app: FastifyInstance, options: ApiOptions): void {
  const routes: Route[] = [];
  app.addHook("onRoute", ({ method, url }) => {
    for (const it of Array.isArray(method) ? method : [method]) routes.push({ method: it, url });
  });
  let document: object | undefined;
  app.get("/openapi.json", async (_request, reply) => sendJson(reply, (document ??= openApiDocument(options, routes))));
}

export function openApiDocument({ kinds, about }: Pick<ApiOptions, "kinds" | "about">, routes: readonly Route[]): object {
  const served = kinds.all.filter((it) => it.path);
  const paths = new Map<string, Record<string, object>>();
  for (const route of routes.toSorted((a, b) => (a.url < b.url ? -1 : 1))) {
    const template = templateOf(route.url);
    const operations = paths.get(template) ?? {};
    operations[route.method.toLowerCase()] = operationOf(route, served);
    paths.set(template, operations);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Kuma control plane", version: about.version, description: "Resources of a service mesh, what proxies make of them, and tokens. Made from the kinds that this control plane serves." },
    paths: Object.fromEntries(paths),
    components: {
      schemas: schemasOf(served),
      responses: Object.fromEntries(Object.entries(refusals).map(([status, response]) => [`Refused${status}`, response])),
       securitySchemes: { userToken: { type: "http", scheme: "bearer", description: "A user token; the local administrator needs none." } },
    },
    security: [{}, { userToken: [] }],
  };
}
