// What this control plane is, what kinds it serves, and who asks (spec/api.md 2.8).
import type { FastifyInstance } from "fastify";
import { isReadOnlyKind } from "#write";
import type { Kind } from "#resources";
import { sendAs, sendJson } from "./errors.ts";
import type { ApiOptions } from "./options.ts";

export function aboutRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { about } = options;
  app.get("/", { config: { isPublic: true } }, async (_request, reply) =>
    sendJson(reply, { clusterId: about.clusterId(), gui: about.gui, hostname: about.hostname, instanceId: about.instanceId, product: "Kuma", version: about.version }),
  );
  // The one compact document.
  app.get("/config", async (request, reply) => sendAs(reply, "application/json", JSON.stringify(about.config(request.user))));
  const { trust } = about;
  if (trust) app.get("/_trust", async (request, reply) => sendJson(reply, trust(request.user)));
  app.get("/who-am-i", async (request, reply) => sendJson(reply, { name: request.user.name, groups: request.user.groups }));
  app.get("/policies", async (_request, reply) => sendJson(reply, { policies: sorted(options).filter((it) => it.isPolicy).map((it) => printPolicy(options, it)) }));
  app.get("/_resources", async (_request, reply) => sendJson(reply, { resources: sorted(options).map((it) => printKind(options, it)) }));
}

const sorted = ({ kinds }: ApiOptions): readonly Kind[] => kinds.all.filter((it) => it.path).toSorted((a, b) => (a.name < b.name ? -1 : 1));

function printPolicy({ place, isApiReadOnly }: ApiOptions, kind: Kind) {
  return {
    name: kind.name,
    readOnly: isReadOnlyKind(kind, place, isApiReadOnly),
    path: kind.path,
    singularDisplayName: kind.displayName,
    pluralDisplayName: kind.displayNamePlural,
    isExperimental: false,
    isTargetRefBased: kind.policy?.isTargetRef ?? false,
    isInbound: kind.policy?.hasFrom ?? false,
    isOutbound: kind.policy?.hasTo ?? false,
  };
}

function printKind({ place, isApiReadOnly }: ApiOptions, kind: Kind) {
  const { policy } = kind;
  return {
    includeInFederation: kind.kds.globalToZones === true && kind.readOnly !== true,
    name: kind.name,
    path: kind.path,
    pluralDisplayName: kind.displayNamePlural,
    ...(kind.isPolicy
      ? {
          policy: {
            hasFromTargetRef: policy?.hasFrom ?? false,
            hasRulesTargetRef: policy?.hasRules ?? false,
            hasToTargetRef: policy?.hasTo ?? false,
            isFromAsRules: policy?.isFromAsRules ?? false,
            isTargetRef: policy?.isTargetRef ?? false,
          },
        }
      : {}),
    // Restrictions of a global control plane are not shown here, unlike in /policies.
    readOnly: isApiReadOnly || (place.mode === "zone" && place.federated) || kind.readOnly === true,
    scope: kind.scope,
    shortName: kind.shortName,
    singularDisplayName: kind.displayName,
  };
}
