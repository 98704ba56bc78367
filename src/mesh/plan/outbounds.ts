// Which destinations a proxy can call, and at which address: its own list, or every virtual IP of the mesh when it is transparent.
import type { Dataplane, Dataplane_Networking_Outbound } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { displayName, label, tag, type Resource } from "#resources";
import { byPortNumber, type Destination, type ResourceDestination } from "./destinations.ts";
import type { BackendRef } from "./routes.ts";

export interface Outbound {
  readonly address: string;
  readonly port: number;
  readonly destination: Destination;
}

/** Finds destinations of one view. */
export interface DestinationIndex {
  service(tags: Readonly<Record<string, string>>): Destination;
  /** Ports of all MeshServices and their siblings, in order of kind and name. */
  readonly resources: readonly ResourceDestination[];
}

/** Finds what a backendRef means: a real resource when a port is given and one exists, else the service tag of that name. */
export function resolveBackendRef(index: DestinationIndex, reference: BackendRef): Destination | undefined {
  if (reference.kind === "MeshServiceSubset") return index.service({ [tag.service]: reference.name ?? "", ...reference.tags });
  const isNamed = (it: ResourceDestination) =>
    reference.name !== undefined && reference.name !== "" && displayName(it.resource) === reference.name && (!reference.namespace || it.resource.labels[label.namespace] === reference.namespace);
  const isLabelled = (it: ResourceDestination) =>
    Object.keys(reference.labels ?? {}).length > 0 && Object.entries(reference.labels ?? {}).every(([key, value]) => it.resource.labels[key] === value);
  const found = index.resources.find(
    (it) => it.resource.type === reference.kind && (isNamed(it) || isLabelled(it)) && (reference.port === undefined || it.port.port === reference.port),
  );
  if (found && reference.port !== undefined) return byPortNumber(found);
  if (found && reference.kind !== "MeshService") return found;
  if (reference.kind === "MeshService" && reference.name && reference.port === undefined) return index.service({ [tag.service]: reference.name });
  return undefined;
}

/** The outbounds a Dataplane lists itself; those that lead nowhere are left out. */
export function listedOutbounds(dataplane: Resource<Dataplane>, index: DestinationIndex): readonly Outbound[] {
  const networking = dataplane.spec.networking;
  return (networking?.outbound ?? []).flatMap((outbound) => {
    const destination = destinationOf(outbound, index);
    if (!destination) return [];
    return [{ address: outbound.address || "127.0.0.1", port: outbound.port, destination }];
  });
}

function destinationOf(outbound: Dataplane_Networking_Outbound, index: DestinationIndex): Destination | undefined {
  if (!outbound.backendRef) return index.service(outbound.tags);
  const { kind, name, port, labels } = outbound.backendRef;
  return resolveBackendRef(index, { kind, name, labels, port: port || undefined });
}

/** Every virtual IP of the mesh; shared by all transparent proxies. */
export function virtualOutbounds(index: DestinationIndex, serviceVips: ReadonlyMap<string, string>, serviceVipPort: number): readonly Outbound[] {
  const resources = index.resources.flatMap((destination) =>
    (destination.resource.status?.vips ?? []).flatMap((vip) => (vip.ip ? [{ address: vip.ip, port: destination.port.port, destination }] : [])),
  );
  const services = [...serviceVips].map(([service, address]) => ({ address, port: serviceVipPort, destination: index.service({ [tag.service]: service }) }));
  return [...services, ...resources];
}

/** Outbounds that a transparent proxy may reach; an address of its own is left out. */
export function reachable(all: readonly Outbound[], dataplane: Resource<Dataplane>, needsBackends: boolean): readonly Outbound[] {
  const networking = dataplane.spec.networking;
  const proxying = networking?.transparentProxying;
  const own = new Set((networking?.inbound ?? []).map((inbound) => `${inbound.address || networking?.address}:${inbound.port}`));
  const services = proxying?.reachableServices ?? [];
  const refs = proxying?.reachableBackends?.refs;
  const isReachable = ({ destination }: Outbound): boolean => {
    if (destination.is === "service") return services.length === 0 || services.includes(destination.service);
    if (refs) return refs.some((ref) => isReferenced(destination, ref));
    return services.length === 0 && !needsBackends;
  };
  return all.filter((outbound) => isReachable(outbound) && !own.has(`${outbound.address}:${outbound.port}`));
}

function isReferenced(destination: ResourceDestination, ref: { kind: string; name: string; namespace: string; port?: number | undefined; labels: Record<string, string> }): boolean {
  // A port that the service does not have means all of its ports.
  const namesPort = ref.port !== undefined && (destination.resource.spec.ports ?? []).some((it) => it.port === ref.port);
  if (destination.resource.type !== ref.kind || (namesPort && ref.port !== destination.port.port)) return false;
  if (ref.name) return displayName(destination.resource) === ref.name && (!ref.namespace || destination.resource.labels[label.namespace] === ref.namespace);
  return Object.entries(ref.labels).every(([key, value]) => destination.resource.labels[key] === value);
}
