// MeshInsight: counts of a mesh's proxies, policies and services.
import { MeshInsightSchema } from "#gen/kuma/mesh/v1alpha1/insights_pb.js";
import { defineFlatKind } from "../../kind.ts";

export const meshInsightKind = defineFlatKind<typeof MeshInsightSchema>({
  name: "MeshInsight",
  scope: "Global",
  path: "mesh-insights",
  shortName: "",
  singular: "",
  plural: "",
  displayName: "Mesh Insight",
  displayNamePlural: "Mesh Insights",
  kds: { providedByGlobal: true },
  readOnly: true,
  isClusterScoped: true,
  message: MeshInsightSchema,
});
