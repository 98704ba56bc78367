// MeshGateway: listeners of a builtin gateway.
import { MeshGatewaySchema } from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import { defineFlatKind } from "../../kind.ts";
import { validateMeshGateway } from "./validate.ts";

export const meshGatewayKind = defineFlatKind<typeof MeshGatewaySchema>({
  name: "MeshGateway",
  scope: "Mesh",
  path: "meshgateways",
  shortName: "mgw",
  singular: "meshgateway",
  plural: "meshgateways",
  displayName: "Mesh Gateway",
  displayNamePlural: "Mesh Gateways",
  kds: { globalToZones: true, zoneToGlobal: true },
  isClusterScoped: true,
  message: MeshGatewaySchema,
  validate: validateMeshGateway,
});
