// Resources together with what is known of their connections (spec/api.md 2.6).
import type { FastifyInstance, FastifyRequest } from "fastify";
import { KumaError, notFound, printMeta, printSpec, type Json, type Kind, type Resource } from "#resources";
import { sendAs, sendJson } from "./errors.ts";
import type { ApiOptions } from "./options.ts";
import { keyOf, listPage, mustHaveMesh, writerOf } from "./resource-routes.ts";
import { itemText, listText, recentTexts } from "./texts.ts";

interface Pairing {
  readonly subject: string;
  readonly insight: string;
  readonly field: string;
  /** The path of older versions. */
  readonly legacyPath: string;
}

const pairings: readonly Pairing[] = [
  { subject: "Dataplane", insight: "DataplaneInsight", field: "dataplane", legacyPath: "dataplanes+insights" },
  { subject: "Zone", insight: "ZoneInsight", field: "zone", legacyPath: "zones+insights" },
  { subject: "ZoneIngress", insight: "ZoneIngressInsight", field: "zoneIngress", legacyPath: "zoneingresses+insights" },
  { subject: "ZoneEgress", insight: "ZoneEgressInsight", field: "zoneEgress", legacyPath: "zoneegressoverviews" },
];

export function overviewRoutes(app: FastifyInstance, options: ApiOptions): void {
  for (const pairing of pairings) {
    const kind = options.kinds.byName(pairing.subject);
    if (kind) pairingRoutes(app, options, pairing, kind);
  }
}

function pairingRoutes(app: FastifyInstance, options: ApiOptions, pairing: Pairing, kind: Kind): void {
  const texts = recentTexts();
  const one = (request: FastifyRequest): Json => {
    options.access.check(writerOf(request), kind, "get");
    mustHaveMesh(options, kind, request);
    const resource = options.store.get(keyOf(kind, request));
    if (!resource) throw new KumaError(notFound("Not found").failure, { attempt: "Could not retrieve a resource" });
    return overview(options, pairing, kind, resource, {});
  };
  const many = (request: FastifyRequest): string => {
    const { total, items, next } = listPage(options, kind, request);
    const text = (it: Resource) => texts.of(it, insightOf(options, pairing, it), () => itemText(overview(options, pairing, kind, it, undefined)));
    return listText(total, items.map(text), next);
  };
  const prefixes = kind.scope === "Mesh" ? ["", "/meshes/:mesh"] : [""];
  const itemPrefix = kind.scope === "Mesh" ? "/meshes/:mesh" : "";
  for (const path of [kind.path, kind.pathAlias ?? ""].filter(Boolean)) {
    for (const prefix of prefixes) app.get(`${prefix}/${path}/_overview`, async (request, reply) => sendAs(reply, "application/json", many(request)));
    app.get(`${itemPrefix}/${path}/:name/_overview`, async (request, reply) => sendJson(reply, one(request)));
  }
  for (const prefix of prefixes) app.get(`${prefix}/${pairing.legacyPath}`, async (request, reply) => sendAs(reply, "application/json", many(request)));
  app.get(`${itemPrefix}/${pairing.legacyPath}/:name`, async (request, reply) => sendJson(reply, one(request)));
}

const insightOf = ({ store }: ApiOptions, { insight }: Pairing, { mesh, name }: Resource): Resource | undefined => store.get({ type: insight, mesh, name });

/** A single overview shows an empty insight, a list none: as the reference does. */
function overview(options: ApiOptions, pairing: Pairing, kind: Kind, resource: Resource, withoutInsight: Json | undefined): Json {
  const insightKind = options.kinds.byName(pairing.insight);
  const insight = insightOf(options, pairing, resource);
  const printed = insight && insightKind ? printSpec(insightKind, insight) : withoutInsight;
  return {
    ...printMeta(kind, resource, `${pairing.subject}Overview`),
    [pairing.field]: printSpec(kind, resource),
    ...(printed ? { [`${pairing.field}Insight`]: printed } : {}),
  };
}
