// What inspection reads: the same planner and pipeline that Envoy's configuration comes from, handed in.
import type { Pipeline } from "#envoy";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { Mesh_MeshServices_Mode as ServicesMode } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { feature, type MeshView, type Planner, type Proxy, type ProxyTraits } from "#mesh";
import { badRequest, KumaError, notFound, type Kinds, type Resource } from "#resources";

export interface InspectionParts {
  readonly planner: Planner;
  readonly pipeline: Pipeline;
  readonly kinds: Kinds;
  /** Certificates by trust domain, as proxies of the mesh get them. */
  readonly trustOf: (view: MeshView) => ReadonlyMap<string, string>;
  /** The newest view of a mesh. */
  viewOf(mesh: string): MeshView | undefined;
  /** A proxy with the abilities it announced when it connected; undefined when it never did. */
  proxyOf(mesh: string, name: string): Proxy | undefined;
}

/** Abilities of a proxy that never connected: it listens and calls as its Dataplane says, and nothing more is known. */
const unknownTraits: ProxyTraits = {
  features: new Set(), ipv6: true, transparentProxy: undefined, dnsPort: 0, readinessPort: 0, adminPort: 0, adminAddress: "", adminSocketPath: "", workdir: "",
};

const unknownTransparentTraits: ProxyTraits = { ...unknownTraits, features: new Set([feature.bindOutbounds]) };

export function viewOr404(parts: InspectionParts, mesh: string): MeshView {
  const view = parts.viewOf(mesh);
  if (!view) throw new KumaError(notFound("Not found").failure, { attempt: "Failed to retrieve Mesh" });
  return view;
}

/** The stored Dataplane; `attempt` is the title of the error when there is none. */
export function dataplaneOr404(view: MeshView, name: string, attempt: string): Resource<Dataplane> {
  const found = view.list("Dataplane").find((it) => it.name === name);
  if (!found) throw new KumaError(notFound("Not found").failure, { attempt });
  return found as Resource<Dataplane>;
}

/** The proxy as it is stored, with what is known of it; one that never connected and lists nothing to call may be a transparent one. */
export function proxyFor(parts: InspectionParts, dataplane: Resource<Dataplane>): Proxy {
  const traits = parts.proxyOf(dataplane.mesh, dataplane.name)?.traits;
  if (traits) return { dataplane, traits };
  const listsNone = (dataplane.spec.networking?.outbound ?? []).length === 0;
  return { dataplane, traits: listsNone ? unknownTransparentTraits : unknownTraits };
}

/** Pages that identify by KRI know real services only. */
export function exclusiveOnly(view: MeshView, page: "_layout" | "_policies"): void {
  if (view.mesh.spec.meshServices?.mode !== ServicesMode.Exclusive) throw badRequest(`bad request: can't use ${page} endpoint without meshService enabled`);
}
