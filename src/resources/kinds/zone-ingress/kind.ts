// ZoneIngress: the proxy through which other zones enter this one, and its insight.
import { ZoneIngressInsightSchema, ZoneIngressSchema, type ZoneIngress } from "#gen/kuma/mesh/v1alpha1/zone_proxies_pb.js";
import { violation, type Violation } from "../../failure.ts";
import { defineFlatKind } from "../../kind.ts";
import { label } from "../../resource.ts";
import { hasService, missingService, validateAddress, validatePort, validateTags } from "../field-rules.ts";

export const zoneIngressKind = defineFlatKind<typeof ZoneIngressSchema>({
  name: "ZoneIngress",
  scope: "Global",
  path: "zoneingresses",
  pathAlias: "zone-ingresses",
  shortName: "zi",
  singular: "zoneingress",
  plural: "zoneingresses",
  singularAlias: "zone-ingress",
  pluralAlias: "zone-ingresses",
  displayName: "Zone Ingress",
  displayNamePlural: "Zone Ingresses",
  kds: { zoneToGlobal: true, zoneToZone: true },
  isProxy: true,
  message: ZoneIngressSchema,
  validate: validateZoneIngress,
  labelsOf: () => ({ [label.proxyType]: "zoneingress" }),
});

export const zoneIngressInsightKind = defineFlatKind<typeof ZoneIngressInsightSchema>({
  name: "ZoneIngressInsight",
  scope: "Global",
  path: "zone-ingress-insights",
  shortName: "",
  singular: "",
  plural: "",
  displayName: "Zone Ingress Insight",
  displayNamePlural: "Zone Ingress Insights",
  kds: { zoneToGlobal: true },
  readOnly: true,
  message: ZoneIngressInsightSchema,
});

function validateZoneIngress({ networking, availableServices }: ZoneIngress): readonly Violation[] {
  const { address = "", advertisedAddress = "", port = 0, advertisedPort = 0, admin } = networking ?? {};
  const at = "networking";
  return [
    ...(admin?.port && admin.port === port ? [violation(`${at}.admin.port`, "must differ from port")] : []),
    ...(advertisedAddress && !advertisedPort ? [violation(`${at}.advertisedPort`, "has to be defined with advertisedAddress")] : []),
    ...(!advertisedAddress && advertisedPort ? [violation(`${at}.advertisedAddress`, "has to be defined with advertisedPort")] : []),
    // Kuma names the address twice in these paths.
    ...(address ? validateAddress(`${at}.address.address`, address) : []),
    ...(advertisedAddress ? validateAddress(`${at}.advertisedAddress.address`, advertisedAddress) : []),
    ...validatePort(`${at}.port`, port),
    ...(advertisedPort ? validatePort(`${at}.advertisedPort`, advertisedPort) : []),
    ...availableServices.flatMap(({ tags }, index) => {
      const field = `availableService[${index}].tags`;
      return [...validateTags(field, tags), ...(hasService(tags) ? [] : [missingService(field)])];
    }),
  ];
}
