// ExternalService: a service outside the mesh, named by tags (the older form of MeshExternalService).
import { ExternalServiceSchema } from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import { defineFlatKind } from "../../kind.ts";
import { validateExternalService } from "./validate.ts";

export const externalServiceKind = defineFlatKind<typeof ExternalServiceSchema>({
  name: "ExternalService",
  scope: "Mesh",
  path: "external-services",
  shortName: "",
  singular: "external-service",
  plural: "external-services",
  displayName: "External Service",
  displayNamePlural: "External Services",
  kds: { globalToZones: true },
  isClusterScoped: true,
  message: ExternalServiceSchema,
  validate: validateExternalService,
});
