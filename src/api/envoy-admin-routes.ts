// What a proxy's Envoy says of itself: configuration dump, statistics, clusters, passed through by the control plane (spec/api.md 2.7).
import type { FastifyInstance, FastifyRequest } from "fastify";
import { failureOf, KumaError, notFound, type Resource } from "#resources";
import { ApiError, sendAs } from "./errors.ts";
import { queryOf, single } from "./query.ts";
import type { ApiOptions, EnvoyAdmin, EnvoyAdminPage } from "./options.ts";

const attempt = "Could not execute admin operation";
const pages: readonly EnvoyAdminPage[] = ["xds", "stats", "clusters"];

export function envoyAdminRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { envoyAdmin } = options;
  if (!envoyAdmin) return;
  const routes = [
    ["/meshes/:mesh/dataplanes/:name/:page", "Dataplane", "dataplane"],
    ["/zoneingresses/:name/:page", "ZoneIngress", "zone ingress"],
    ["/zoneegresses/:name/:page", "ZoneEgress", "zone egress"],
  ] as const;
  for (const [path, type, words] of routes) {
    app.get<{ Params: { readonly mesh?: string; readonly name: string; readonly page: string } }>(path, async (request, reply) => {
      const { mesh = "", name } = request.params;
      const page = pages.find((it) => it === request.params.page);
      if (!page) throw new KumaError(notFound("Not found").failure, { attempt });
      envoyAdmin.mayView(page, request.user);
      const proxy = options.store.get({ type, mesh, name });
      // The reference says ingress for egress too, and so clients' fixtures have it.
      if (!proxy) throw new KumaError(notFound("Not found").failure, { attempt: `Could not get ${type === "Dataplane" ? words : "zone ingress"} resource` });
      mustBeOfThisZone(options, proxy, words);
      const { mediaType, text } = await asked(envoyAdmin, { proxy, page, ...flagsOf(request) });
      return sendAs(reply, mediaType, text);
    });
  }
}

/** The proxies of other zones answer to their own control plane. */
function mustBeOfThisZone({ place }: ApiOptions, proxy: Resource, words: string): void {
  const { zone } = proxy.spec as { readonly zone?: string };
  if (!zone || place.mode === "global" || zone === place.zone) return;
  throw new ApiError({ status: 400, title: `Could not connect to ${words} that resides in another zone`, detail: "Resource is not valid" });
}

function flagsOf(request: FastifyRequest) {
  const query = queryOf(request);
  const isOn = (name: string, otherwise: boolean) => {
    const text = single(query[name])?.toLowerCase();
    return text === undefined || text === "" ? otherwise : ["true", "1", "t"].includes(text);
  };
  return { includeEds: isOn("include_eds", false), usedOnly: isOn("usedonly", true), isJson: single(query["format"]) === "json" };
}

/** A proxy that does not answer is a failure of the operation, told with its reason. */
async function asked(envoyAdmin: EnvoyAdmin, request: Parameters<EnvoyAdmin["ask"]>[0]) {
  try {
    return await envoyAdmin.ask(request);
  } catch (error) {
    const failure = failureOf(error);
    if (failure) throw new ApiError({ status: failure.is === "bad-request" ? 400 : 500, title: attempt, detail: failure.message });
    throw error;
  }
}
