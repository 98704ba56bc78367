// Which services of a PERMISSIVE mesh can be called with mTLS: those of which every proxy has a certificate of the Mesh's enabled authority.
import type { DataplaneInsight } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { CertificateAuthorityBackend_Mode as MtlsMode, Mesh_MeshServices_Mode as ServicesMode, type Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { servicesOf } from "#mesh";
import type { Resource } from "#resources";
import type { Store } from "#store";

/** Name of the authority whose certificates have to be waited for; undefined where nobody accepts plain text, or nobody has certificates. */
export function awaitedBackend({ spec: { mtls, meshServices } }: Resource<Mesh>): string | undefined {
  // Readiness is the MeshServices' own then.
  if (meshServices?.mode === ServicesMode.Exclusive) return undefined;
  const backend = mtls?.backends.find((it) => it.name === mtls.enabledBackend);
  return backend?.mode === MtlsMode.PERMISSIVE ? backend.name : undefined;
}

/** Values of the service tag, sorted; empty for a mesh where readiness is not asked for. */
export function tlsReadyServices(store: Pick<Store, "list">, mesh: Resource<Mesh>): readonly string[] {
  const backend = awaitedBackend(mesh);
  if (backend === undefined) return [];
  const insights = new Map((store.list("DataplaneInsight", { mesh: mesh.name }) as readonly Resource<DataplaneInsight>[]).map((it) => [it.name, it.spec.mTLS?.issuedBackend]));
  const [ready, waiting] = [new Set<string>(), new Set<string>()];
  for (const dataplane of store.list("Dataplane", { mesh: mesh.name }) as readonly Resource<Dataplane>[]) {
    for (const service of servicesOf(dataplane)) (insights.get(dataplane.name) === backend ? ready : waiting).add(service);
  }
  return [...ready.difference(waiting)].toSorted();
}
