// ServiceInsight: the services of a mesh and how many of their proxies are online.
import { ServiceInsightSchema } from "#gen/kuma/mesh/v1alpha1/insights_pb.js";
import { defineFlatKind } from "../../kind.ts";

export const serviceInsightKind = defineFlatKind<typeof ServiceInsightSchema>({
  name: "ServiceInsight",
  scope: "Mesh",
  path: "service-insights",
  shortName: "",
  singular: "",
  plural: "",
  displayName: "Service Insight",
  displayNamePlural: "Service Insights",
  kds: { globalToZones: true },
  readOnly: true,
  isClusterScoped: true,
  message: ServiceInsightSchema,
});
