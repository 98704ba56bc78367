// ZoneEgress: the proxy through which a zone leaves towards other zones and external services, and its insight.
import { ZoneEgressInsightSchema, ZoneEgressSchema, type ZoneEgress } from "#gen/kuma/mesh/v1alpha1/zone_proxies_pb.js";
import { violation, type Violation } from "../../failure.ts";
import { defineFlatKind } from "../../kind.ts";
import { label } from "../../resource.ts";
import { validateAddress, validatePort } from "../field-rules.ts";

export const zoneEgressKind = defineFlatKind<typeof ZoneEgressSchema>({
  name: "ZoneEgress",
  scope: "Global",
  path: "zoneegresses",
  shortName: "ze",
  singular: "zoneegress",
  plural: "zoneegresses",
  displayName: "Zone Egress",
  displayNamePlural: "Zone Egresses",
  kds: { zoneToGlobal: true },
  isProxy: true,
  message: ZoneEgressSchema,
  validate: validateZoneEgress,
  labelsOf: () => ({ [label.proxyType]: "zoneegress" }),
});

export const zoneEgressInsightKind = defineFlatKind<typeof ZoneEgressInsightSchema>({
  name: "ZoneEgressInsight",
  scope: "Global",
  path: "zoneegressinsights",
  shortName: "",
  singular: "",
  plural: "",
  displayName: "Zone Egress Insight",
  displayNamePlural: "Zone Egress Insights",
  kds: { zoneToGlobal: true },
  readOnly: true,
  message: ZoneEgressInsightSchema,
});

function validateZoneEgress({ networking }: ZoneEgress): readonly Violation[] {
  const { address = "", port = 0, admin } = networking ?? {};
  return [
    ...(admin?.port && admin.port === port ? [violation("networking.admin.port", "must differ from port")] : []),
    ...(address ? validateAddress("networking.address.address", address) : []),
    ...validatePort("networking.port", port),
  ];
}
