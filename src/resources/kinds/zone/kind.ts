// Zone: a control plane below a global one.
import { ZoneSchema } from "#gen/kuma/system/v1alpha1/system_pb.js";
import { ZoneInsightSchema } from "#gen/kuma/system/v1alpha1/zone_insight_pb.js";
import { defineFlatKind } from "../../kind.ts";
import { nameDeprecations } from "../../names.ts";

export const zoneKind = defineFlatKind<typeof ZoneSchema>({
  name: "Zone",
  scope: "Global",
  path: "zones",
  shortName: "z",
  singular: "zone",
  plural: "zones",
  displayName: "Zone",
  displayNamePlural: "Zones",
  kds: { providedByGlobal: true, providedByZone: true },
  isClusterScoped: true,
  message: ZoneSchema,
  deprecations: (zone) => nameDeprecations("Zone", zone.name),
});

export const zoneInsightKind = defineFlatKind<typeof ZoneInsightSchema>({
  name: "ZoneInsight",
  scope: "Global",
  path: "zone-insights",
  shortName: "",
  singular: "",
  plural: "",
  displayName: "Zone Insight",
  displayNamePlural: "Zone Insights",
  kds: { providedByGlobal: true, providedByZone: true },
  readOnly: true,
  isClusterScoped: true,
  message: ZoneInsightSchema,
});
