// Mesh: one isolated set of services with its own certificate authority.
import { MeshSchema } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { defineFlatKind } from "../../kind.ts";
import { nameDeprecations } from "../../names.ts";
import { completeMesh } from "./defaults.ts";
import { validateMesh, validateMeshWithOneAuthority } from "./validate.ts";

const kindWith = (validate: typeof validateMesh) => defineFlatKind<typeof MeshSchema>({
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
  validate,
  deprecations: (mesh) => nameDeprecations("Mesh", mesh.name),
});

export const meshKind = kindWith(validateMesh);

/** As in Kuma: no second authority, hence no change of authority without a time of plain text. */
export const meshKindWithOneAuthority = kindWith(validateMeshWithOneAuthority);
