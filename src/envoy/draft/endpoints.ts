// The endpoints of a cluster: grouped by locality, the proxy's own zone first.
import { create, type JsonObject } from "@bufbuild/protobuf";
import { ClusterLoadAssignmentSchema } from "#gen/envoy/config/endpoint/v3/endpoint_pb.js";
import { tag } from "#resources";
import type { Endpoint } from "#mesh";
import type { Sealed, Sealer } from "../seal.ts";
import { socketAddress } from "./address.ts";

export interface EndpointOptions {
  readonly localZone: string;
  /** Endpoints of other zones are used only when the own zone has none left. */
  readonly preferLocalZone: boolean;
}

export function sealEndpoints(name: string, endpoints: readonly Endpoint[], options: EndpointOptions, sealer: Sealer): Sealed {
  const byZone = Map.groupBy(endpoints, (it) => it.zone);
  const localities = [...byZone].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([zone, members]) => ({
    ...(zone ? { locality: { zone } } : {}),
    priority: options.preferLocalZone && zone !== options.localZone ? 1 : 0,
    lbEndpoints: members.toSorted((a, b) => compare(a.address, b.address) || a.port - b.port).map(lbEndpoint),
  }));
  return sealer.seal(ClusterLoadAssignmentSchema, name, create(ClusterLoadAssignmentSchema, { clusterName: name, endpoints: localities }));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function lbEndpoint(endpoint: Endpoint) {
  const tags = sortedObject(Object.entries(endpoint.tags).filter(([key]) => key !== tag.service));
  const labels = sortedObject(Object.entries(endpoint.labels));
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
