// What an outbound can lead to: a service named by tags, or a port of a MeshService. Equal destinations are one object.
import { formatKri, kriOf, label, tag, type Kind, type Kri, type Resource } from "#resources";
import { listInterner, memoOn, memoOnBoth } from "../intern.ts";
import type { MeshView } from "../view.ts";
import { endpointsByService, endpointsOfMeshService, endpointsOfTags, type Endpoint } from "./endpoints.ts";
import { sectionName, type MeshServicePort, type MeshServiceResource } from "./mesh-service.ts";

/** `unknown`: a service without endpoints; it is treated as bytes. */
export type Protocol = "http" | "http2" | "grpc" | "tcp" | "kafka" | "unknown";

export interface ServiceDestination {
  readonly is: "service";
  readonly service: string;
  /** All tags, the service tag among them. */
  readonly tags: Readonly<Record<string, string>>;
  readonly protocol: Protocol;
}

export interface ResourceDestination {
  readonly is: "resource";
  readonly resource: MeshServiceResource;
  readonly port: MeshServicePort;
  /** With the port as section. */
  readonly kri: Kri;
  readonly kriText: string;
  readonly protocol: Protocol;
}

export type Destination = ServiceDestination | ResourceDestination;

const stacks: Readonly<Record<string, readonly Protocol[]>> = {
  grpc: ["grpc", "http2", "tcp"],
  http2: ["http2", "tcp"],
  http: ["http", "tcp"],
  kafka: ["kafka", "tcp"],
  tcp: ["tcp"],
};

/** The most specific protocol that all endpoints speak (spec/dataplane.md 1.1); one endpoint that does not say makes it unknown. */
export function commonProtocol(protocols: readonly string[]): Protocol {
  let shared: readonly Protocol[] | undefined;
  for (const protocol of new Set(protocols)) {
    const stack = stacks[protocol];
    if (!stack) return "unknown";
    shared = shared ? shared.filter((it) => stack.includes(it)) : stack;
  }
  return shared?.[0] ?? "tcp";
}

export const isHttp = (protocol: Protocol): boolean => protocol === "http" || protocol === "http2" || protocol === "grpc";

/** Protocol by service tag. Equal maps are one object: instances that come and go do not plan anything anew. */
export function protocolsInterner(): (dataplanes: readonly Resource[]) => ReadonlyMap<string, Protocol> {
  const known = new Map<string, WeakRef<ReadonlyMap<string, Protocol>>>();
  return memoOn((dataplanes) => {
    const entries = [...endpointsByService(dataplanes)].map(([service, endpoints]) => [service, commonProtocol(endpoints.map((it) => it.protocol))] as const).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify(entries);
    const existing = known.get(key)?.deref();
    if (existing) return existing;
    for (const [old, reference] of known) if (!reference.deref()) known.delete(old);
    const map = new Map(entries);
    known.set(key, new WeakRef(map));
    return map;
  });
}

/** Interns service destinations by tags and protocol. */
export function serviceDestinations(): (tags: Readonly<Record<string, string>>, protocol: Protocol) => ServiceDestination {
  const known = new Map<string, ServiceDestination>();
  const byTags = new WeakMap<object, ServiceDestination>();
  return (tags, protocol) => {
    // Tags of a stored resource are the same object each time they are asked for.
    const last = byTags.get(tags);
    if (last?.protocol === protocol) return last;
    const sorted = Object.fromEntries(Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const key = `${protocol} ${JSON.stringify(sorted)}`;
    let destination = known.get(key);
    if (!destination) {
      if (known.size > 100_000) known.clear(); // names come from users' Dataplanes: bounded against a hostile stream of them
      destination = { is: "service", service: sorted[tag.service] ?? "", tags: sorted, protocol };
      known.set(key, destination);
    }
    byTags.set(tags, destination);
    return destination;
  };
}

/** The ports of a MeshService as destinations; once per stored version. */
export function resourceDestinations(kindOf: (type: string) => Kind | undefined): (resource: MeshServiceResource) => readonly ResourceDestination[] {
  return memoOn((resource) => {
    const kind = kindOf(resource.type);
    return (resource.spec.ports ?? []).flatMap((port) => {
      const kri = kind && kriOf(kind, resource, sectionName(port));
      if (!kri) return [];
      const protocol = commonProtocol([port.appProtocol || "tcp"]);
      return [{ is: "resource" as const, resource, port, kri, kriText: formatKri(kri), protocol }];
    });
  });
}

/** The destination as a reference by port number identifies it, whether the port has a name or not. */
export const byPortNumber = memoOn((destination: ResourceDestination): ResourceDestination => {
  const section = String(destination.port.port);
  if (destination.kri.section === section) return destination;
  const kri = { ...destination.kri, section };
  return { ...destination, kri, kriText: formatKri(kri) };
});

/** Current healthy endpoints; the same array while they do not change. */
export function endpointsOf(view: MeshView, destination: Destination): readonly Endpoint[] {
  const dataplanes = view.list("Dataplane");
  if (destination.is === "service") return endpointsOfTags(dataplanes, destination.tags);
  const { resource, port } = destination;
  if (resource.type !== "MeshMultiZoneService") return endpointsOfMeshService(dataplanes, resource, port);
  const members = membersOf(view.list("MeshService"), resource);
  return internEndpoints(members.flatMap((service) => (service.spec.ports ?? []).filter((it) => it.port === port.port).flatMap((it) => endpointsOfMeshService(dataplanes, service, it))));
}

const internEndpoints = listInterner<Endpoint>();

/** The MeshServices that a MeshMultiZoneService stands for. */
const membersOf = memoOnBoth((services: readonly Resource[], { spec }: MeshServiceResource): readonly MeshServiceResource[] => {
  const wanted = Object.entries(spec.selector?.meshService?.matchLabels ?? {});
  return wanted.length === 0 ? [] : (services as readonly MeshServiceResource[]).filter(({ labels }) => wanted.every(([key, value]) => labels[key] === value));
});

/** A MeshMultiZoneService proves to be any of its MeshServices. */
export const withIdentities = memoOnBoth((services: readonly Resource[], resource: MeshServiceResource): MeshServiceResource => {
  if (resource.type !== "MeshMultiZoneService") return resource;
  return { ...resource, spec: { ...resource.spec, identities: membersOf(services, resource).flatMap((it) => it.spec.identities ?? []) } };
});

/**
 * True when a client may speak mTLS to the destination's proxies (spec/dataplane.md 5.7): always where they accept nothing else;
 * where they may also accept plain text (`asksReadiness`), once all of them have certificates.
 */
export function isTlsReady(destination: Destination, { asksReadiness }: { readonly asksReadiness: boolean }, readyServices: ReadonlySet<string>): boolean {
  if (!asksReadiness) return true;
  if (destination.is === "service") return readyServices.has(destination.service);
  const isLocal = (destination.resource.labels[label.origin] ?? "zone") === "zone";
  return !isLocal || destination.resource.status?.tls?.status === "Ready";
}
