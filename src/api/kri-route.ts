// One resource by its identifier (spec/api.md 1.5, 1.6).
import type { FastifyInstance } from "fastify";
import { badRequest, failureOf, formatKri, hashedName, KumaError, kriOf, notFound, parseKri, type Kind, type Kinds, type Kri, type Resource } from "#resources";
import { sendJson } from "./errors.ts";
import type { ApiOptions } from "./options.ts";
import { inFormat, writerOf } from "./resource-routes.ts";

export function kriRoute(app: FastifyInstance, options: ApiOptions): void {
  app.get<{ Params: { kri: string } }>("/_kri/:kri", async (request, reply) => {
    const kri = readKri(request.params.kri, options.kinds);
    const kind = options.kinds.byShortName(kri.shortName);
    if (!kind) throw badRequest(`bad request: unknown short name of resource type: "${kri.shortName}"`);
    options.access.check(writerOf(request), kind, "get");
    const resource = findByKri(options, kind, kri);
    if (!resource) throw new KumaError(notFound("Not found").failure, { attempt: "Could not retrieve a resource" });
    return sendJson(reply, inFormat(options, kind, resource, request));
  });
}

function readKri(text: string, kinds: Kinds): Kri {
  try {
    return parseKri(text, kinds);
  } catch (error) {
    throw badRequest(`bad request: ${failureOf(error)?.message ?? String(error)}`);
  }
}

/** Synced copies carry a hashed name; a resource made here its own. */
function findByKri({ store, place }: ApiOptions, kind: Kind, kri: Kri): Resource | undefined {
  const at = (name: string) => store.get({ type: kind.name, mesh: kri.mesh, name });
  const isLocal = place.mode === "global" ? kri.zone === "" : kri.zone === place.zone;
  if (isLocal) return at(kri.name);
  const extra = [kri.zone, kri.namespace].filter(Boolean);
  const copy = kind.kds.keepsName ? undefined : at(hashedName(kri.mesh, kri.name, ...extra));
  if (copy) return copy;
  // What the lists print as an identifier finds its resource, though the zone in it is not ours.
  const named = at(kri.name);
  const own = named && kriOf(kind, named);
  return own && formatKri(own) === formatKri({ ...kri, section: "" }) ? named : undefined;
}
