// What a proxy serves: one inbound per port, with the workload behind it.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { tag, type Resource } from "#resources";
import { memoOn } from "../intern.ts";
import { inboundProtocol, reservedPort } from "./endpoints.ts";
import type { Protocol } from "./destinations.ts";

export interface Inbound {
  /** Position in `networking.inbound`. */
  readonly index: number;
  readonly address: string;
  readonly port: number;
  readonly workloadAddress: string;
  readonly workloadPort: number;
  /** Name or decimal port: the section of the Dataplane's KRI. */
  readonly section: string;
  readonly protocol: Protocol;
  readonly tags: Readonly<Record<string, string>>;
  /** Value of the service tag; empty for an inbound without tags. */
  readonly service: string;
}

const known = new Set<string>(["http", "http2", "grpc", "tcp", "kafka"]);

/** Also those that nobody is to be sent to (state Ignored): their port is served all the same. */
export const inboundsOf = memoOn((dataplane: Resource<Dataplane>): readonly Inbound[] => {
  const networking = dataplane.spec.networking;
  if (!networking) return [];
  return networking.inbound.flatMap((inbound, index) => {
    if (inbound.port === reservedPort) return [];
    const address = inbound.address || networking.address;
    const protocol = inboundProtocol(inbound);
    return [{
      index,
      address,
      port: inbound.port,
      workloadAddress: inbound.serviceAddress || address,
      workloadPort: inbound.servicePort || inbound.port,
      section: inbound.name || String(inbound.port),
      protocol: (known.has(protocol) ? protocol : "tcp") as Protocol,
      tags: inbound.tags,
      service: inbound.tags[tag.service] ?? "",
    }];
  });
});

/** Values of the service tag, of inbounds and a gateway; sorted. */
export const servicesOf = memoOn((dataplane: Resource<Dataplane>): readonly string[] => {
  const networking = dataplane.spec.networking;
  const values = [...(networking?.inbound ?? []).map((it) => it.tags[tag.service]), networking?.gateway?.tags[tag.service]];
  return [...new Set(values.filter((value): value is string => Boolean(value)))].toSorted();
});

/** Name by which the proxy is known to tracing, access logs and Envoy's node cluster: its first service, or `unknown`. */
export function identifyingService(dataplane: Resource<Dataplane>): string {
  return servicesOf(dataplane)[0] ?? "unknown";
}
