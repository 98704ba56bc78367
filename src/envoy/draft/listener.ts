// A listener while it is made: chains of typed filters that policies may change or add to; sealing orders and packs them.
import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { SocketAddress_Protocol } from "#gen/envoy/config/core/v3/address_pb.js";
import { TrafficDirection } from "#gen/envoy/config/core/v3/base_pb.js";
import { ListenerSchema, type Listener } from "#gen/envoy/config/listener/v3/listener_pb.js";
import { FilterChainSchema, FilterSchema, ListenerFilterSchema, type FilterChain, type FilterChainMatch } from "#gen/envoy/config/listener/v3/listener_components_pb.js";
import { TlsInspectorSchema } from "#gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js";
import { KafkaBrokerSchema } from "#gen/envoy/extensions/filters/network/kafka_broker/v3/kafka_broker_pb.js";
import { TcpProxySchema, type TcpProxy } from "#gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js";
import type { DownstreamTlsContext } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import type { Protocol } from "#mesh";
import { pack, packTyped, typed, type Typed } from "../any.ts";
import { sanitised } from "../names.ts";
import type { EncodedPart, Sealed, Sealer } from "../seal.ts";
import { pipeAddress, socketAddress } from "./address.ts";
import { packHttp, type HttpDraft } from "./http.ts";
import { downstreamSocket } from "./tls.ts";

export interface ChainDraft {
  match: FilterChainMatch | undefined;
  name: string;
  /** Mesh mTLS terminates here. */
  tls: DownstreamTlsContext | undefined;
  /** Filters before the terminal one, in order. */
  readonly networkFilters: Typed[];
  /** What ends the chain: HTTP or bytes. */
  terminal: { readonly is: "http"; readonly http: HttpDraft } | { readonly is: "tcp"; readonly proxy: TcpProxy } | { readonly is: "none" };
}

export interface ListenerDraft {
  readonly message: Listener;
  readonly chains: ChainDraft[];
  /** True when a policy or a chain needs the server name before TLS ends. */
  needsTlsInspector: boolean;
}

export interface ListenerOptions {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly direction: "inbound" | "outbound";
  readonly isUnified: boolean;
  readonly reusePort: boolean;
  readonly bindToPort: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

export function openListener(options: ListenerOptions): ListenerDraft {
  const message = create(ListenerSchema, {
    name: options.name,
    address: socketAddress(options.address, options.port),
    trafficDirection: options.direction === "inbound" ? TrafficDirection.INBOUND : TrafficDirection.OUTBOUND,
  });
  if (options.direction === "inbound") message.enableReusePort = options.reusePort;
  if (!options.bindToPort) message.bindToPort = false;
  if (options.isUnified) message.statPrefix = sanitised(options.name);
  if (Object.keys(options.tags).length > 0) {
    const tags = Object.fromEntries(Object.entries(options.tags).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const metadata = create(ListenerSchema, { metadata: { filterMetadata: { "io.kuma.tags": tags } } }).metadata;
    if (metadata) message.metadata = metadata;
  }
  return { message, chains: [], needsTlsInspector: false };
}

export function pipeListener(name: string, path: string): ListenerDraft {
  return { message: create(ListenerSchema, { name, address: pipeAddress(path) }), chains: [], needsTlsInspector: false };
}

/** Every worker has a socket of its own: datagrams have no connections to hand over. */
export function udpListener(name: string, address: string, port: number): ListenerDraft {
  const draft = openListener({ name, address, port, direction: "inbound", isUnified: false, reusePort: true, bindToPort: true, tags: {} });
  draft.message.address = socketAddress(address, port, SocketAddress_Protocol.UDP);
  return draft;
}

export function chain(init: Partial<ChainDraft> = {}): ChainDraft {
  return { match: undefined, name: "", tls: undefined, networkFilters: [], terminal: { is: "none" }, ...init };
}

/** A filter that comes first, yet after permission: who is refused costs nothing more. */
export function addNetworkFilter({ networkFilters }: ChainDraft, added: Typed): void {
  networkFilters.splice(networkFilters.findIndex((it) => it.name === "envoy.filters.network.rbac") + 1, 0, added);
}

/** Filters that look into bytes before they are passed on. */
export const bytesFilters = (protocol: Protocol, statPrefix: string): Typed[] =>
  protocol === "kafka" ? [typed("envoy.filters.network.kafka_broker", KafkaBrokerSchema, { statPrefix: sanitised(statPrefix) })] : [];

/** Bytes to one cluster, or to several by weight. */
export function tcpProxy(statPrefix: string, clusters: readonly { readonly name: string; readonly weight: number }[]): TcpProxy {
  const [first] = clusters;
  const isSingle = clusters.length === 1 && first;
  return create(TcpProxySchema, {
    statPrefix: sanitised(statPrefix),
    clusterSpecifier: isSingle
      ? { case: "cluster", value: first.name }
      : { case: "weightedClusters", value: { clusters: clusters.map(({ name, weight }) => ({ name, weight })) } },
  });
}

export const tlsInspector = () => typed("envoy.filters.listener.tls_inspector", TlsInspectorSchema, {});

export function sealListener(draft: ListenerDraft, sealer: Sealer): Sealed {
  finish(draft);
  return sealer.seal(ListenerSchema, draft.message.name, draft.message);
}

/** A listener without its name and address, encoded: what the listeners of many proxies have in common. */
export type ListenerBody = EncodedPart;

/** A change that says nothing about the listener gives the same body: none of its listeners is made anew. */
export function listenerBody(draft: ListenerDraft, sealer: Sealer): ListenerBody {
  finish(draft);
  draft.message.name = "";
  delete draft.message.address;
  const bytes = toBinary(ListenerSchema, draft.message);
  return sealer.keyed(`body ${createHash("sha256").update(bytes).digest("base64")}`, () => ({ bytes }));
}

/** The listener of one proxy: its own name and address, and the shared rest. */
export function sealListenerAt(name: string, address: string, port: number, body: ListenerBody, sealer: Sealer): Sealed {
  return sealer.sealParts(ListenerSchema, name, [{ bytes: listenerHead(name, address, port) }, body]);
}

/** `Listener {name 1, address 2 {socket_address 1 {address 2, port_value 3}}}`: thousands are made when a policy changes, and a message for each would cost more than all the rest. */
export const listenerHead = (name: string, address: string, port: number): Uint8Array =>
  new BinaryWriter()
    .tag(1, WireType.LengthDelimited).string(name)
    .tag(2, WireType.LengthDelimited).fork()
    .tag(1, WireType.LengthDelimited).fork()
    .tag(2, WireType.LengthDelimited).string(address)
    .tag(3, WireType.Varint).uint32(port)
    .join().join().finish();

function finish(draft: ListenerDraft): void {
  const { message } = draft;
  if (draft.needsTlsInspector) {
    const inspector = tlsInspector();
    message.listenerFilters.unshift(create(ListenerFilterSchema, { name: inspector.name, configType: { case: "typedConfig", value: packTyped(inspector) } }));
  }
  message.filterChains.push(...draft.chains.map(sealChain));
}

function sealChain(draft: ChainDraft): FilterChain {
  const filters = draft.networkFilters.map((it) => filter(it.name, packTyped(it)));
  if (draft.terminal.is === "http") filters.push(filter("envoy.filters.network.http_connection_manager", packHttp(draft.terminal.http)));
  if (draft.terminal.is === "tcp") filters.push(filter("envoy.filters.network.tcp_proxy", pack(TcpProxySchema, draft.terminal.proxy)));
  const sealed = create(FilterChainSchema, { filters, name: draft.name });
  if (draft.match) sealed.filterChainMatch = draft.match;
  if (draft.tls) sealed.transportSocket = downstreamSocket(draft.tls);
  return sealed;
}

const filter = (name: string, value: ReturnType<typeof pack>) => create(FilterSchema, { name, configType: { case: "typedConfig", value } });
