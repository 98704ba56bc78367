// Discovery responses as bytes: the resources inside are encoded already, so an answer is put together from shared parts.
import { commonTailOf, type Sealed } from "#envoy";

export const typeUrl = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  route: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
} as const;

export interface SotwResponse {
  readonly typeUrl: string;
  readonly version: string;
  readonly nonce: string;
  readonly resources: readonly Sealed[];
}

export interface DeltaResponse {
  readonly typeUrl: string;
  readonly systemVersion: string;
  readonly nonce: string;
  readonly resources: readonly Sealed[];
  readonly removed: readonly string[];
}

const maxHeads = 10_000;

const deltaEntries = new WeakMap<Sealed, Buffer>();

/**
 * envoy.service.discovery.v3.DiscoveryResponse: version_info 1, resources 2, type_url 4, nonce 5, control_plane 6.
 * `reader` stands for the stream: lists that several streams are sent become one piece of memory for all.
 */
export function sotwEncoder(controlPlaneId: string): (response: SotwResponse, reader: object) => Uint8Array[] {
  const endOf = (type: string) => Buffer.concat([text(4, type), field(6, text(1, controlPlaneId))]);
  const ends = new Map(Object.values(typeUrl).map((type) => [type as string, endOf(type)]));
  const joinedEntries = sharedEntries();
  const heads = new Map<string, Uint8Array>();
  /** Streams count alike: most of their numbers have been written before. */
  const headOf = (version: string, nonce: string): Uint8Array => {
    const known = version === nonce ? heads.get(nonce) : undefined;
    if (known) return known;
    const head = Buffer.concat([text(1, version), text(5, nonce)]);
    if (version === nonce && heads.size < maxHeads) heads.set(nonce, head);
    return head;
  };
  return ({ version, nonce, resources, typeUrl: type }, reader) => {
    const parts: Uint8Array[] = [headOf(version, nonce)];
    const common = commonTailOf(resources);
    for (let at = 0; at < resources.length - common.length; at++) addEntry(parts, resources[at]);
    const shared = joinedEntries(common, reader);
    if (shared) parts.push(shared);
    else for (const resource of common) addEntry(parts, resource);
    parts.push(ends.get(type) ?? endOf(type));
    return parts;
  };
}

function addEntry(parts: Uint8Array[], resource: Sealed | undefined): void {
  if (resource) parts.push(resource.entry);
}

/** The entries of a list in one piece, from the second reader on: what one stream alone is sent is not worth keeping. */
function sharedEntries(): (list: readonly Sealed[], reader: object) => Uint8Array | undefined {
  const known = new WeakMap<readonly Sealed[], { readonly firstReader: WeakRef<object>; bytes?: Uint8Array }>();
  return (list, reader) => {
    if (list.length < 2) return undefined;
    const its = known.get(list);
    if (!its) {
      known.set(list, { firstReader: new WeakRef(reader) });
      return undefined;
    }
    if (!its.bytes && its.firstReader.deref() !== reader) its.bytes = Buffer.concat(list.map((it) => it.entry));
    return its.bytes;
  };
}

/** DeltaDiscoveryResponse: system_version_info 1, resources 2 {version 1, resource 2, name 3}, type_url 4, nonce 5, removed_resources 6, control_plane 7. */
export function encodeDelta(response: DeltaResponse, controlPlaneId: string): Uint8Array[] {
  const entries = response.resources.map((resource) =>
    remembered(deltaEntries, resource, () => field(2, Buffer.concat([text(1, resource.version), field(2, resource.any), text(3, resource.name)]))),
  );
  return [
    text(1, response.systemVersion), ...entries, text(4, response.typeUrl), text(5, response.nonce), ...response.removed.map((name) => text(6, name)),
    field(7, text(1, controlPlaneId)),
  ];
}

function remembered(known: WeakMap<Sealed, Buffer>, resource: Sealed, encode: () => Buffer): Buffer {
  let entry = known.get(resource);
  if (!entry) {
    entry = encode();
    known.set(resource, entry);
  }
  return entry;
}

const text = (number: number, value: string): Buffer => field(number, Buffer.from(value, "utf8"));

/** A length-delimited protobuf field. */
function field(number: number, value: Uint8Array): Buffer {
  const head = [(number << 3) | 2];
  let length = value.byteLength;
  while (length >= 0x80) {
    head.push((length & 0x7f) | 0x80);
    length >>>= 7;
  }
  head.push(length);
  return Buffer.concat([Uint8Array.from(head), value]);
}
