// DataplaneInsight: what the control plane knows of a proxy's connections and certificate.
import { DataplaneInsightSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import { defineFlatKind } from "../../kind.ts";

export const dataplaneInsightKind = defineFlatKind<typeof DataplaneInsightSchema>({
  name: "DataplaneInsight",
  scope: "Mesh",
  path: "dataplane-insights",
  shortName: "",
  singular: "",
  plural: "",
  displayName: "Dataplane Insight",
  displayNamePlural: "Dataplane Insights",
  kds: { zoneToGlobal: true },
  readOnly: true,
  message: DataplaneInsightSchema,
});
