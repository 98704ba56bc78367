// Pages of a plan: routed when an inspection is handed in (spec/api.md 2.7).
import type { FastifyInstance } from "fastify";
import { isObject, KumaError, notFound } from "#resources";
import { ApiError, sendJson } from "./errors.ts";
import { alphabetical } from "./inspect/alphabetical.ts";
import { nextUrl } from "./lists.ts";
import { queryOf, single } from "./query.ts";
import type { ApiOptions, Inspect, Inspection } from "./options.ts";

/** The older pages, and the configuration of an Envoy, have an order of their own. */
const isInOrder = /\/_(rules|layout|policies|routes|resources\/dataplanes|dataplanes|hostnames)$/;

type Where = { readonly mesh: string; readonly name: string; readonly kri: string; readonly route: string; readonly type: string };

export function inspectRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { inspect } = options;
  if (!inspect) return;
  // Only services have host names; the reference says so on this path under anything of a mesh.
  const noService = async () => {
    throw new ApiError({ status: 400, title: 'only "meshservices,meshexternalservices,meshmultizoneservices" are available for inspection', detail: "Resource is not valid" });
  };
  for (const path of ["/meshes/:mesh/:kind/:name/_hostnames", ...options.kinds.all.filter((it) => it.scope === "Mesh" && !it.isDestination).map((it) => `/meshes/:mesh/${it.path}/:name/_hostnames`)]) app.get(path, noService);
  for (const [path, page, type] of pages(options, inspect)) {
    if (!page) continue;
    app.get<{ Params: Omit<Where, "type"> }>(path, async (request, reply) => {
      const { params } = request;
      if (!options.store.get({ type: "Mesh", mesh: "", name: params.mesh })) throw new KumaError(notFound("Not found").failure, { attempt: withoutMesh(inspect, page, type) });
      const query = Object.fromEntries(Object.entries(queryOf(request)).map(([key, value]) => [key, single(value)]));
      const document = await page({ ...params, type }, query, request.user);
      const hasMore = isObject(document) && typeof document["next"] === "number";
      const whole = hasMore ? { ...document, next: nextUrl(request, Number(document["next"])) } : document;
      return sendJson(reply, isInOrder.test(path) ? alphabetical(whole) : whole);
    });
  }
}

/** The title of the error where there is no such mesh: each page has had its own. */
function withoutMesh(inspect: Inspection, page: Inspect<Where>, type: string): string {
  if (page === inspect.attachedDataplanes) return "Could not list Dataplanes";
  if (page === inspect.gatewayDataplanes) return "Could not build mesh context";
  if (page === inspect.attachedPolicies || page === inspect.legacyRules) return "Could not build MeshContext";
  if (page === inspect.hostnames) return "could not retrieve service";
  return page === inspect.matchedDataplanes && type === "MeshService" ? "Could not retrieve policy" : "Failed to retrieve Mesh";
}

function pages({ kinds }: ApiOptions, inspect: Inspection): readonly (readonly [path: string, page: Inspect<Where> | undefined, type: string])[] {
  const dataplane = "/meshes/:mesh/dataplanes/:name";
  const gateway = "/meshes/:mesh/meshgateways/:name";
  const policies = kinds.all.filter((it) => it.isPolicy || it.name === "MeshService");
  return [
    [`${dataplane}/_rules`, inspect.dataplaneRules, "Dataplane"],
    [`${dataplane}/_config`, inspect.dataplaneConfig, "Dataplane"],
    [`${dataplane}/_refusals`, inspect.dataplaneRefusals, "Dataplane"],
    [`${dataplane}/_layout`, inspect.dataplaneLayout, "Dataplane"],
    [`${dataplane}/_policies`, inspect.dataplanePolicies, "Dataplane"],
    [`${dataplane}/_inbounds/:kri/_policies`, inspect.inboundPolicies, "Dataplane"],
    [`${dataplane}/_outbounds/:kri/_policies`, inspect.outboundPolicies, "Dataplane"],
    [`${dataplane}/_outbounds/:kri/_routes`, inspect.outboundRoutes, "Dataplane"],
    [`${dataplane}/_outbounds/:kri/_routes/:route/_policies`, inspect.routePolicies, "Dataplane"],
    [`${gateway}/_rules`, inspect.gatewayRules, "MeshGateway"],
    [`${gateway}/_config`, inspect.gatewayConfig, "MeshGateway"],
    ...policies.map((it) => [`/meshes/:mesh/${it.path}/:name/_resources/dataplanes`, inspect.matchedDataplanes, it.name] as const),
    [`${dataplane}/policies`, inspect.attachedPolicies, "Dataplane"],
    [`${dataplane}/rules`, inspect.legacyRules, "Dataplane"],
    ...kinds.all.filter((it) => it.legacyInspection).map((it) => [`/meshes/:mesh/${it.path}/:name/dataplanes`, inspect.attachedDataplanes, it.name] as const),
    [`${gateway}/dataplanes`, inspect.gatewayDataplanes, "MeshGateway"],
    ["/meshes/:mesh/meshgatewayroutes/:name/dataplanes", inspect.gatewayDataplanes, "MeshGatewayRoute"],
    ["/meshes/:mesh/meshservices/:name/_dataplanes", inspect.matchedDataplanes, "MeshService"],
    ...kinds.all.filter((it) => it.isDestination).map((it) => [`/meshes/:mesh/${it.path}/:name/_hostnames`, inspect.hostnames, it.name] as const),
  ];
}
