// What a kind asks of the rest of the store before one of its resources is written or deleted.
import { violation, type Resource, type Unstored, type Violation } from "#resources";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { Store } from "#store";
import { secretsOfBackend, type CheckBackend } from "./certificate-backends.ts";
import { validateMembership } from "./membership.ts";

export interface GuardContext {
  readonly store: Store;
  /** `store.unsafeDelete`: nothing is too much in use to be deleted. */
  readonly unsafeDelete: boolean;
  /** A Mesh may go from one authority to another while its mTLS is on. */
  readonly allowsAuthorityChange: boolean;
  readonly certificateBackends: ReadonlyMap<string, CheckBackend>;
  readonly isZoneOnline: (zone: string) => boolean;
}

type Violations = readonly Violation[] | Promise<readonly Violation[]>;

export interface Guard {
  readonly onWrite?: (context: GuardContext, next: Unstored, current: Resource | undefined) => Violations;
  readonly onDelete?: (context: GuardContext, current: Resource) => Violations;
}

const specOfMesh = (resource: Pick<Resource, "spec">): Mesh => resource.spec as Mesh;

async function onMeshWrite(context: GuardContext, next: Unstored, current: Resource | undefined): Promise<readonly Violation[]> {
  if (!current && next.name.length > 63) return [violation("name", "cannot be longer than 63 characters")];
  const { mtls } = specOfMesh(next);
  const enabledBefore = current ? specOfMesh(current).mtls?.enabledBackend : undefined;
  if (!context.allowsAuthorityChange && enabledBefore && mtls?.enabledBackend && mtls.enabledBackend !== enabledBefore) {
    return [violation("mtls.enabledBackend", "Changing CA when mTLS is enabled is forbidden. Disable mTLS first and then change the CA")];
  }
  const checks = (mtls?.backends ?? []).map(async (backend, at) => {
    const check = context.certificateBackends.get(backend.type);
    if (!check) return [violation(`mtls.backends[${at}].type`, "could not find installed plugin for this type")];
    const found = mtls?.skipValidation ? [] : await check(next.name, backend);
    return found.map((it) => violation(`mtls.backends[${at}].conf${it.field && `.${it.field}`}`, it.message));
  });
  return (await Promise.all(checks)).flat();
}

function onMeshDelete(context: GuardContext, mesh: Resource): readonly Violation[] {
  const isEmpty = context.store.list("Dataplane", { mesh: mesh.name }).length === 0;
  return context.unsafeDelete || isEmpty ? [] : [violation("mesh", "unable to delete mesh, there are still some dataplanes attached")];
}

function onSecretDelete(context: GuardContext, secret: Resource): readonly Violation[] {
  const mesh = context.store.get({ type: "Mesh", mesh: "", name: secret.mesh });
  if (context.unsafeDelete || !mesh) return [];
  const user = specOfMesh(mesh).mtls?.backends.find((it) => secretsOfBackend(mesh.name, it).includes(secret.name));
  if (!user) return [];
  const text = `The secret "${secret.name}" that you are trying to remove is currently in use in Mesh "${mesh.name}" in mTLS backend "${user.name}". `;
  return [violation("name", `${text}Please remove the reference from the "${user.name}" backend before removing the secret.`)];
}

function onDataplaneWrite(context: GuardContext, dataplane: Unstored): readonly Violation[] {
  const mesh = context.store.get({ type: "Mesh", mesh: "", name: dataplane.mesh });
  return mesh ? validateMembership(mesh.name, specOfMesh(mesh), dataplane.spec as Dataplane) : [];
}

function onZoneDelete(context: GuardContext, zone: Resource): readonly Violation[] {
  return context.isZoneOnline(zone.name) ? [violation("zone", "unable to delete Zone, Zone CP is still connected, please shut it down first")] : [];
}

/** By kind name; most kinds need none. */
export const guards: ReadonlyMap<string, Guard> = new Map<string, Guard>([
  ["Mesh", { onWrite: onMeshWrite, onDelete: onMeshDelete }],
  ["Secret", { onDelete: onSecretDelete }],
  ["Dataplane", { onWrite: onDataplaneWrite }],
  ["Zone", { onDelete: onZoneDelete }],
]);
