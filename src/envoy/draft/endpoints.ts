// The endpoints of a cluster: grouped by locality, the proxy's own zone first.
import { create, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import { ClusterLoadAssignmentSchema } from "#gen/envoy/config/endpoint/v3/endpoint_pb.js";
import type { LocalityLbEndpointsSchema } from "#gen/envoy/config/endpoint/v3/endpoint_components_pb.js";
import { tag } from "#resources";
import type { Endpoint } from "#mesh";
import type { Sealed, Sealer } from "../seal.ts";
import type { Affinity, Failover, Spread } from "../spread.ts";
import { socketAddress } from "./address.ts";

export interface EndpointOptions {
  readonly localZone: string;
  readonly spread: Spread;
}

interface Locality {
  readonly zone: string;
  /** The tag that the proxy and these endpoints have in common: `version=v1`. */
  readonly subZone: string;
  readonly priority: number;
  /** Among localities of one priority; 0: not weighted. */
  readonly weight: number;
}

interface Group {
  readonly locality: Locality;
  readonly members: Endpoint[];
}

export function sealEndpoints(name: string, endpoints: readonly Endpoint[], { localZone, spread }: EndpointOptions, sealer: Sealer): Sealed {
  const groups = new Map<string, Group>();
  for (const endpoint of endpoints) {
    const locality = localityOf(endpoint, localZone, spread);
    if (!locality) continue;
    const key = JSON.stringify([locality.zone, locality.subZone]);
    const group = groups.get(key) ?? { locality, members: [] };
    group.members.push(endpoint);
    groups.set(key, group);
  }
  const sorted = [...groups.values()].toSorted(({ locality: a }, { locality: b }) => compare(a.zone, b.zone) || compare(a.subZone, b.subZone));
  const policy = spread.localities ? { policy: { overprovisioningFactor: spread.localities.overprovisioningFactor } } : {};
  return sealer.seal(ClusterLoadAssignmentSchema, name, create(ClusterLoadAssignmentSchema, { clusterName: name, endpoints: sorted.map((it) => group(it, spread.localities?.labels)), ...policy }));
}

/** Undefined for a zone that is not called. */
function localityOf({ zone, tags, labels }: Endpoint, localZone: string, { prefersLocalZone, localities }: Spread): Locality | undefined {
  if (!localities) return { zone, subZone: "", priority: prefersLocalZone && zone !== localZone ? 1 : 0, weight: 0 };
  if (zone !== localZone) {
    const at = localities.failover.findIndex((it) => leadsTo(it, zone));
    return at < 0 ? undefined : { zone, subZone: "", priority: at + 1, weight: 0 };
  }
  const nearest = localities.affinities.find(({ key, value }: Affinity) => (tags[key] ?? labels[key]) === value);
  return nearest ? { zone, subZone: `${nearest.key}=${nearest.value}`, priority: 0, weight: nearest.weight } : { zone, subZone: "", priority: 0, weight: 1 };
}

const leadsTo = ({ to, zones }: Failover, zone: string): boolean => to === "Any" || (to === "Only" && zones.includes(zone)) || (to === "AnyExcept" && !zones.includes(zone));

function group({ locality: { zone, subZone, priority, weight }, members }: Group, told: readonly string[] | undefined): MessageInitShape<typeof LocalityLbEndpointsSchema> {
  return {
    ...(zone || subZone ? { locality: { zone, subZone } } : {}),
    priority,
    ...(weight > 0 ? { loadBalancingWeight: weight } : {}),
    lbEndpoints: members.toSorted((a, b) => compare(a.address, b.address) || a.port - b.port).map((it) => lbEndpoint(it, told)),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** All labels are told unless `told` says which. */
function lbEndpoint(endpoint: Endpoint, told: readonly string[] | undefined) {
  const tags = sortedObject(Object.entries(endpoint.tags).filter(([key]) => key !== tag.service));
  const labels = sortedObject(Object.entries(endpoint.labels).filter(([key]) => !told || told.includes(key)));
  const filterMetadata: Record<string, JsonObject> = {};
  if (Object.keys(tags).length > 0) {
    filterMetadata["envoy.lb"] = tags;
    filterMetadata["envoy.transport_socket_match"] = tags;
  }
  if (Object.keys(labels).length > 0) filterMetadata["io.kuma.labels"] = labels;
  return {
    hostIdentifier: { case: "endpoint" as const, value: { address: socketAddress(endpoint.address, endpoint.port) } },
    loadBalancingWeight: endpoint.weight,
    ...(Object.keys(filterMetadata).length > 0 ? { metadata: { filterMetadata } } : {}),
  };
}

const sortedObject = (entries: readonly (readonly [string, string])[]): JsonObject => Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
