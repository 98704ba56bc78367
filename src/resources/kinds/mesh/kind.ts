// Mesh: one isolated set of services with its own certificate authority.
import { MeshSchema } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { defineFlatKind } from "../../kind.ts";
import { nameDeprecations } from "../../names.ts";
import { completeMesh } from "./defaults.ts";
import { validateMesh } from "./validate.ts";

export const meshKind = defineFlatKind<typeof MeshSchema>({
  name: "Mesh",
  scope: "Global",
  path: "meshes",
  shortName: "m",
  singular: "mesh",
  plural: "meshes",
  displayName: "Mesh",
  displayNamePlural: "Meshes",
  kds: { globalToZones: true, keepsName: true },
  isClusterScoped: true,
  message: MeshSchema,
  applyDefaults: completeMesh,
  validate: validateMesh,
  deprecations: (mesh) => nameDeprecations("Mesh", mesh.name),
});
