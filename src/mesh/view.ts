// A mesh at one moment: its resources by kind. Immutable; parts that did not change keep their identity from view to view.
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { Resource } from "#resources";

export interface MeshView {
  readonly mesh: Resource<Mesh>;
  /** Name of the zone this control plane serves. */
  readonly zone: string;
  readonly settings: MeshSettings;
  /** Resources of the mesh by kind name, sorted by name. The same array while nothing of the kind changed. */
  list(kind: string): readonly Resource[];
  /** Of a PERMISSIVE mesh: values of the service tag of which every proxy has a certificate. */
  readonly tlsReadyServices: readonly string[];
}

/** What of the control plane's configuration the engine needs; one value for the life of the process. */
export interface MeshSettings {
  /** CIDRs whose addresses count as internal (`ipam.knownInternalCIDRs`). */
  readonly internalCidrs: readonly string[];
  /** Port of the older `<service>.mesh` addresses (`dnsServer.serviceVipPort`). */
  readonly serviceVipPort: number;
  readonly dnsDomain: string;
  /** Where SPIRE's agent listens on the proxies' hosts, unless a proxy says otherwise. */
  readonly spireSocketPath: string;
}

export interface ViewInput {
  readonly mesh: Resource<Mesh>;
  readonly zone: string;
  readonly settings: MeshSettings;
  readonly lists: ReadonlyMap<string, readonly Resource[]>;
  readonly tlsReadyServices?: readonly string[];
}

const none: readonly Resource[] = Object.freeze([]);

export function meshView(input: ViewInput): MeshView {
  const lists = new Map(input.lists);
  return { mesh: input.mesh, zone: input.zone, settings: input.settings, list: (kind) => lists.get(kind) ?? none, tlsReadyServices: input.tlsReadyServices ?? [] };
}
