// Where a service's instances are: endpoints of Dataplanes, by service tag and by MeshService, interned so that equal sets are one array.
import type { Dataplane, Dataplane_Networking_Inbound } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { Dataplane_Networking_Inbound_State as InboundState } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { label, tag, type Labels, type Resource } from "#resources";
import { listInterner, memoOn, memoOnBoth } from "../intern.ts";
import type { MeshServicePort, MeshServiceResource } from "./mesh-service.ts";

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** Tags of the inbound, the service tag among them. */
  readonly tags: Readonly<Record<string, string>>;
  readonly labels: Labels;
  readonly zone: string;
  /** As its tag says, which is what callers go by. */
  readonly protocol: string;
  readonly weight: number;
  readonly inboundName: string;
  readonly isHealthy: boolean;
  readonly dataplaneName: string;
}

/** The port that stands for "serves nothing": no listener and no cluster at the proxy itself (spec/dataplane.md 1.1). */
export const reservedPort = 49151;

export const inboundProtocol = (inbound: Dataplane_Networking_Inbound): string => inbound.protocol || (inbound.tags[tag.protocol] ?? "");

export function isHealthy(inbound: Dataplane_Networking_Inbound): boolean {
  return inbound.state === InboundState.Ready && (!inbound.health || inbound.health.ready);
}

/** One endpoint per inbound that other proxies may call, healthy or not. */
export const endpointsOfDataplane = memoOn((dataplane: Resource<Dataplane>): readonly Endpoint[] => {
  const networking = dataplane.spec.networking;
  if (!networking) return [];
  return networking.inbound
    .filter((inbound) => inbound.state !== InboundState.Ignored)
    .map((inbound) => ({
      address: networking.advertisedAddress || inbound.address || networking.address,
      port: inbound.port,
      tags: inbound.tags,
      labels: dataplane.labels,
      zone: inbound.tags[tag.zone] ?? dataplane.labels[label.zone] ?? "",
      protocol: inbound.tags[tag.protocol] ?? "",
      weight: 1,
      inboundName: inbound.name || String(inbound.port),
      isHealthy: isHealthy(inbound),
      dataplaneName: dataplane.name,
    }));
});

const internEndpoints = listInterner<Endpoint>();

/** Healthy endpoints by value of the service tag. The arrays keep their identity while the set does not change. */
export const endpointsByService = memoOn((dataplanes: readonly Resource[]): ReadonlyMap<string, readonly Endpoint[]> => {
  const collected = new Map<string, Endpoint[]>();
  for (const dataplane of dataplanes) {
    for (const endpoint of endpointsOfDataplane(dataplane as Resource<Dataplane>)) {
      const service = endpoint.tags[tag.service];
      if (!service || !endpoint.isHealthy) continue;
      const list = collected.get(service);
      if (list) list.push(endpoint);
      else collected.set(service, [endpoint]);
    }
  }
  return new Map([...collected].map(([service, list]) => [service, internEndpoints(list)]));
});

/** Endpoints of the service whose tags contain all of `tags`. */
export function endpointsOfTags(dataplanes: readonly Resource[], tags: Readonly<Record<string, string>>): readonly Endpoint[] {
  const all = endpointsByService(dataplanes).get(tags[tag.service] ?? "") ?? [];
  const wanted = Object.entries(tags).filter(([key]) => key !== tag.mesh);
  if (wanted.length <= 1) return all;
  return internEndpoints(all.filter((endpoint) => wanted.every(([key, value]) => endpoint.tags[key] === value)));
}

const endpointsByTargetPort = memoOnBoth((dataplanes: readonly Resource[], service: MeshServiceResource): ReadonlyMap<string, readonly Endpoint[]> => {
  const candidates = candidatesOf(dataplanes, service);
  const ports = service.spec.ports ?? [];
  return new Map(ports.map((port) => [String(port.port), internEndpoints(candidates.filter((it) => it.isHealthy && servesPort(it, port)))]));
});

/** Healthy endpoints of one port of a MeshService. */
export function endpointsOfMeshService(dataplanes: readonly Resource[], service: MeshServiceResource, port: MeshServicePort): readonly Endpoint[] {
  return endpointsByTargetPort(dataplanes, service).get(String(port.port)) ?? [];
}

function servesPort(endpoint: Endpoint, port: MeshServicePort): boolean {
  const target = port.targetPort ?? port.port;
  return endpoint.port === target || endpoint.inboundName === String(target);
}

/** True when the service's selector means the proxy. */
export function selectsDataplane({ spec: { selector } }: MeshServiceResource, dataplane: Resource<Dataplane>): boolean {
  const holds = (wanted: Readonly<Record<string, string>> | undefined, has: Readonly<Record<string, string>>): boolean => {
    const entries = Object.entries(wanted ?? {});
    return entries.length > 0 && entries.every(([key, value]) => has[key] === value);
  };
  if (selector?.dataplaneTags) return (dataplane.spec.networking?.inbound ?? []).some((it) => holds(selector.dataplaneTags, it.tags));
  if (selector?.dataplaneRef) return dataplane.name === selector.dataplaneRef.name;
  return holds(selector?.dataplaneLabels?.matchLabels, dataplane.labels);
}

function candidatesOf(dataplanes: readonly Resource[], service: MeshServiceResource): readonly Endpoint[] {
  const selector = service.spec.selector;
  if (selector?.dataplaneTags) {
    const tags = selector.dataplaneTags;
    const entries = Object.entries(tags);
    if (entries.length === 0) return [];
    const pool = tags[tag.service] ? (endpointsByService(dataplanes).get(tags[tag.service] ?? "") ?? []) : dataplanes.flatMap((it) => endpointsOfDataplane(it as Resource<Dataplane>));
    return pool.filter((endpoint) => entries.every(([key, value]) => endpoint.tags[key] === value));
  }
  const selected = dataplanes.filter((dataplane) => selectsDataplane(service, dataplane as Resource<Dataplane>));
  return selected.flatMap((dataplane) => endpointsOfDataplane(dataplane as Resource<Dataplane>));
}
