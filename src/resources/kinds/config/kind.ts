// Config: a value the control planes of one deployment share, such as the cluster's id. It has no REST collection.
import { ConfigSchema } from "#gen/kuma/system/v1alpha1/system_pb.js";
import { defineFlatKind } from "../../kind.ts";

export const configKind = defineFlatKind<typeof ConfigSchema>({
  name: "Config",
  scope: "Global",
  path: "",
  shortName: "",
  singular: "",
  plural: "",
  displayName: "Config",
  displayNamePlural: "Configs",
  kds: { globalToZones: true, providedByZone: true, keepsName: true },
  message: ConfigSchema,
});
