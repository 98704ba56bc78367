// Zone: a control plane below a global one.
import { ZoneSchema } from "#gen/kuma/system/v1alpha1/system_pb.js";
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
