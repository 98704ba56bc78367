// What inspection reads: the same planner and pipeline that Envoy's configuration comes from, handed in.
import type { Pipeline } from "#envoy";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { MeshView, Planner, Proxy, ProxyTraits } from "#mesh";
import { KumaError, notFound, type Kinds, type Resource } from "#resources";

export interface InspectionParts {
  readonly planner: Planner;
  readonly pipeline: Pipeline;
  readonly kinds: Kinds;
  /** The newest view of a mesh. */
  viewOf(mesh: string): MeshView | undefined;
  /** A proxy with the abilities it announced when it connected; undefined when it never did. */
  proxyOf(mesh: string, name: string): Proxy | undefined;
}

/** Abilities of a proxy that never connected: it listens and calls as its Dataplane says, and nothing more is known. */
const unknownTraits: ProxyTraits = {
  features: new Set(), ipv6: true, transparentProxy: undefined, dnsPort: 0, readinessPort: 0, adminPort: 0, adminAddress: "", adminSocketPath: "", workdir: "",
};

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

/** The proxy as it is stored, with what is known of it. */
export function proxyFor(parts: InspectionParts, dataplane: Resource<Dataplane>): Proxy {
  const connected = parts.proxyOf(dataplane.mesh, dataplane.name);
  return { dataplane, traits: connected?.traits ?? unknownTraits };
}
