// A cluster while it is made: policies change the open parts, sealing packs them.
import { protoDuration } from "../duration.ts";
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { ClusterSchema, Cluster_DiscoveryType as DiscoveryType, Cluster_DnsLookupFamily as DnsLookupFamily, Cluster_LbPolicy as LbPolicy, type Cluster } from "#gen/envoy/config/cluster/v3/cluster_pb.js";
import { HttpProtocolOptionsSchema, type HttpProtocolOptions } from "#gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js";
import type { UpstreamTlsContext } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import type { Protocol } from "#mesh";
import { pack } from "../any.ts";
import { sanitised } from "../names.ts";
import type { EncodedPart, Sealed, Sealer } from "../seal.ts";
import { socketAddress, pipeAddress } from "./address.ts";
import { adsSource, upstreamSocket } from "./tls.ts";

export interface ClusterDraft {
  readonly message: Cluster;
  /** HTTP options of the upstream; undefined for a cluster that Envoy treats as plain bytes. */
  http: HttpProtocolOptions | undefined;
  tls: UpstreamTlsContext | undefined;
  readonly protocol: Protocol;
}

const httpOptionsName = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

function openCluster(name: string, protocol: Protocol, type: DiscoveryType): ClusterDraft {
  const message = create(ClusterSchema, { name, clusterDiscoveryType: { case: "type", value: type }, connectTimeout: protoDuration(5000) });
  if (sanitised(name) !== name) message.altStatName = sanitised(name);
  return { message, http: undefined, tls: undefined, protocol };
}

/** Endpoints come by EDS over the same stream. */
export function edsCluster(name: string, protocol: Protocol): ClusterDraft {
  const draft = openCluster(name, protocol, DiscoveryType.EDS);
  draft.message.edsClusterConfig = { $typeName: "envoy.config.cluster.v3.Cluster.EdsClusterConfig", serviceName: "", edsConfig: adsSource() };
  return draft;
}

export type FixedEndpoint = { readonly address: string; readonly port: number } | { readonly pipe: string };

export function staticCluster(name: string, protocol: Protocol, endpoints: readonly FixedEndpoint[]): ClusterDraft {
  const draft = openCluster(name, protocol, DiscoveryType.STATIC);
  if (endpoints.length === 0) return draft;
  const message = withEndpoints(name, endpoints);
  if (message.loadAssignment) draft.message.loadAssignment = message.loadAssignment;
  return draft;
}

/** An address outside the mesh: a name is looked up, IPv4 alone unless the proxy itself is at an IPv6 address. */
export function addressCluster(name: string, protocol: Protocol, place: { readonly address: string; readonly port: number }, { isOnIpv6 }: { readonly isOnIpv6: boolean }): ClusterDraft {
  const draft = staticCluster(name, protocol, [place]);
  if (/^[\d.]+$/.test(place.address) || place.address.includes(":")) return draft;
  draft.message.clusterDiscoveryType = { case: "type", value: DiscoveryType.STRICT_DNS };
  if (!isOnIpv6) draft.message.dnsLookupFamily = DnsLookupFamily.V4_ONLY;
  return draft;
}

const withEndpoints = (name: string, endpoints: readonly FixedEndpoint[]): Cluster =>
  create(ClusterSchema, {
    loadAssignment: {
      clusterName: name,
      endpoints: [{
        lbEndpoints: endpoints.map((it) => ({
          hostIdentifier: { case: "endpoint" as const, value: { address: "pipe" in it ? pipeAddress(it.pipe) : socketAddress(it.address, it.port) } },
        })),
      }],
    },
  });

/** Connects to wherever the connection was going before it was redirected. */
export function originalDestinationCluster(name: string, bindTo: string | undefined): ClusterDraft {
  const draft = openCluster(name, "tcp", DiscoveryType.ORIGINAL_DST);
  draft.message.lbPolicy = LbPolicy.CLUSTER_PROVIDED;
  if (bindTo) bindSource(draft, bindTo);
  return draft;
}

export function bindSource(draft: ClusterDraft, address: string): void {
  const message = create(ClusterSchema, { upstreamBindConfig: { sourceAddress: { address, portSpecifier: { case: "portValue", value: 0 } } } });
  if (message.upstreamBindConfig) draft.message.upstreamBindConfig = message.upstreamBindConfig;
}

export function speakHttp2(draft: ClusterDraft): void {
  draft.http = create(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: { case: "explicitHttpConfig", value: { protocolConfig: { case: "http2ProtocolOptions", value: {} } } },
  });
}

export function speakHttp1(draft: ClusterDraft): void {
  draft.http = create(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: { case: "explicitHttpConfig", value: { protocolConfig: { case: "httpProtocolOptions", value: {} } } },
  });
}

export function sealCluster(draft: ClusterDraft, sealer: Sealer): Sealed {
  return sealer.seal(ClusterSchema, draft.message.name, finished(draft));
}

/** A cluster without its endpoints, encoded: what the clusters of many proxies have in common. */
export type ClusterBody = EncodedPart;

/** `draft` is a static cluster without endpoints. */
export const clusterBody = (draft: ClusterDraft): ClusterBody => ({ bytes: toBinary(ClusterSchema, finished(draft)) });

/** The static cluster of one proxy: the shared rest, and its own endpoint. */
export function sealClusterAt(name: string, endpoint: FixedEndpoint, body: ClusterBody, sealer: Sealer): Sealed {
  const bytes = "pipe" in endpoint ? toBinary(ClusterSchema, withEndpoints(name, [endpoint])) : endpointPart(name, endpoint.address, endpoint.port);
  return sealer.sealParts(ClusterSchema, name, [body, { bytes }]);
}

/**
 * `Cluster {load_assignment 33 {cluster_name 1, endpoints 2 {lb_endpoints 2 {endpoint 1 {address 1 {socket_address 1 {address 2, port_value 3}}}}}}}`:
 * every proxy has such clusters, and a message for each would cost more than all the rest.
 */
export const endpointPart = (name: string, address: string, port: number): Uint8Array =>
  new BinaryWriter()
    .tag(33, WireType.LengthDelimited).fork()
    .tag(1, WireType.LengthDelimited).string(name)
    .tag(2, WireType.LengthDelimited).fork()
    .tag(2, WireType.LengthDelimited).fork()
    .tag(1, WireType.LengthDelimited).fork()
    .tag(1, WireType.LengthDelimited).fork()
    .tag(1, WireType.LengthDelimited).fork()
    .tag(2, WireType.LengthDelimited).string(address)
    .tag(3, WireType.Varint).uint32(port)
    .join().join().join().join().join().join().finish();

function finished(draft: ClusterDraft): Cluster {
  const { message } = draft;
  if (draft.http) message.typedExtensionProtocolOptions[httpOptionsName] = pack(HttpProtocolOptionsSchema, draft.http);
  if (draft.tls) message.transportSocket = upstreamSocket(draft.tls);
  return message;
}
