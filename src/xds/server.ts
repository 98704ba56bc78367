// ADS for Envoy: authenticates the first request of a stream, registers its proxy, then keeps it at the newest snapshot.
import type { Node } from "#gen/envoy/config/core/v3/base_pb.js";
import { status, type GrpcCall } from "#grpc";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { traitsInterner, type MeshView } from "#mesh";
import { followTimeJumps, pacer } from "#platform";
import { badRequest, failureOf, notFound, type Resource, type ResourceKey } from "#resources";
import type { TlsFacts } from "#security";
import { keepAdminTls } from "./admin-tls.ts";
import { parseNode, type NodeFacts } from "./metadata.ts";
import type { Meshes } from "./meshes.ts";
import type { Identity } from "./secrets.ts";
import { deltaProtocol, sotwProtocol, type Outcome, type ParsedRequest, type Protocol } from "./protocol.ts";
import { ConnectedProxy, type ProxyParts } from "./proxy.ts";
import { namesInterner, sendOrder } from "./snapshot.ts";
import type { ProxyStatus, Subscription } from "./status.ts";
import type { ShownIds } from "./shown-ids.ts";
import { trustTeller } from "./trusts.ts";
import { openTurnover } from "./turnover.ts";
import { sotwEncoder, typeUrl } from "./wire.ts";

/** Who may have a stream, and what becomes of the proxy's own resource. Handed in by main. */
export interface ProxyDoor {
  /**
   * Checks the credential against the stored resource (nobody takes over another's name) and the one the proxy brought,
   * and registers the latter. Rejects with a KumaError. `onRevoked` is called when the credential stops being good.
   * `claim` is called between the two, once the credential is known to be good; it throws when the proxy has a stream already.
   */
  admit(request: { readonly facts: NodeFacts; readonly credential: string; readonly address: string; readonly onRevoked: (reason: string) => void; readonly claim: () => void }): Promise<AdmittedProxy>;
}

export interface AdmittedProxy {
  readonly key: ResourceKey;
  /** Undefined for zone proxies: `zoneProxy` is theirs. */
  readonly dataplane: Resource<Dataplane> | undefined;
  /** Gets its admin listener and nothing else until cross-zone routing is built. */
  readonly zoneProxy?: { readonly resource: Resource; readonly zone: string; readonly address: string; readonly port: number } | undefined;
  /** Called once when the stream has ended. */
  leave(): void;
}

export interface XdsOptions extends Omit<ProxyParts, "turnover" | "issuingTurn" | "hurry" | "trust"> {
  /** Hears of every leaf that is made. */
  onIssued(issued: { readonly proxy: string; readonly mesh: string; readonly address: string; readonly identity: Identity }): void;
  /** A proxy was brought to a newer view, which was news to it or not. */
  readonly onGenerated?: (spentMs: number, isChanged: boolean) => void;
  readonly meshes: Meshes;
  readonly door: ProxyDoor;
  readonly status: ProxyStatus;
  readonly instanceId: string;
}

export const sotwMethod = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";
export const deltaMethod = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

/** Requests a stream may send before it is admitted; more is a broken or hostile peer. */
const maxWaiting = 64;
const maxWaitingBytes = 16 * 1024 * 1024;
/** A stream that has not named its node by then is of no use to anybody. */
const firstRequestMs = 30_000;
/** Names a stream may hold, and how long each may be: far above what a mesh has. */
const maxNames = 100_000;
const maxNameLength = 4096;

export interface XdsServer {
  readonly calls: ReadonlyMap<string, (call: GrpcCall) => void>;
  /** Number of proxies with a stream. */
  connected(): number;
  /** Ends what the server does of itself; streams end with their sockets. */
  close(): void;
  /** Admitted streams by `<type>/<mesh>/<name>`, with how they are protected. */
  streams(): readonly { readonly proxy: string; readonly tls: TlsFacts | undefined }[];
  readonly shownIds: ShownIds;
}

/** A key and a signature take a fifth of a millisecond: so many at a turn of the loop. */
const certificatesPerTurn = 25;

export function xdsServer(options: XdsOptions): XdsServer {
  const log = options.platform.log.child("xds");
  const internTraits = traitsInterner();
  const active = new Map<string, Stream>();
  const encode = sotwEncoder(options.instanceId);
  const internNames = namesInterner();

  const turnover = openTurnover(options.platform.clock);
  const parts: ProxyParts = { ...options, turnover, trust: trustTeller(options.sealer), hurry: (mesh) => options.meshes.hurry(mesh), issuingTurn: pacer(options.platform.clock, certificatesPerTurn) };
  const everyProxy = function* () {
    for (const { state } of active.values()) if (state.is === "open" && state.proxy) yield state.proxy;
  };
  const unfollowJumps = followTimeJumps(options.platform.clock, (byMs) => {
    log.warn("time has jumped; the certificates of all proxies are looked at", { seconds: Math.round(byMs / 1000) });
    for (const proxy of everyProxy()) proxy.reconsider();
  });
  options.authorities.onChange((mesh) => {
    for (const { state } of active.values()) if (state.is === "open" && state.admitted.key.mesh === mesh) state.proxy?.authoritiesChanged();
  });

  const open = (call: GrpcCall, protocol: Protocol) => {
    const stream: Stream = { call, protocol, waiting: [], waitingBytes: 0, refused: new Set(), state: { is: "new" } };
    const cancel = options.platform.clock.after(firstRequestMs, () => {
      if (stream.state.is === "new") call.end(status.deadlineExceeded, "the stream has not named its node in time");
    });
    call.onMessage((message) => onMessage(stream, message));
    call.onClose(() => {
      cancel();
      onClose(stream);
    });
  };

  const onMessage = (stream: Stream, message: Uint8Array) => {
    let request: ParsedRequest;
    try {
      request = stream.protocol.parse(message);
    } catch {
      return stream.call.end(status.invalidArgument, "the request is not a discovery request");
    }
    const { node, nodeId } = request;
    if (request.typeUrl === "") return stream.call.end(status.invalidArgument, "type URL is required for ADS");
    if (request.names.length > maxNames || request.names.some((it) => it.length > maxNameLength)) return stream.call.end(status.resourceExhausted, "the request names too many resources, or too long ones");
    if (stream.id !== undefined && nodeId && nodeId !== stream.id) {
      return stream.call.end(status.unauthenticated, `stream was authenticated for ID ${stream.id}. Received request is for node with ID ${nodeId.slice(0, maxNameLength)}. Node ID cannot be changed after stream is initialized`);
    }
    // A type that we never send: the proxy waits for it, as it would for a resource that is not there yet.
    const isServed = sendOrder.includes(request.typeUrl);
    if (stream.state.is === "open") return isServed ? apply(stream, request.apply()) : undefined;
    stream.waitingBytes += message.byteLength;
    if (stream.waiting.length >= maxWaiting || stream.waitingBytes > maxWaitingBytes) return stream.call.end(status.resourceExhausted, "too many requests before the stream was admitted");
    if (isServed) stream.waiting.push(request.apply);
    if (stream.state.is !== "new") return;
    if (!node) return stream.call.end(status.invalidArgument, "the first request of a stream must name its node");
    stream.state = { is: "admitting" };
    admit(stream, node).catch((error: unknown) => refuse(stream, error));
  };

  const admit = async (stream: Stream, node: Node) => {
    const facts = parseNode(node);
    stream.id = facts.id;
    const credential = credentialOf(stream.call);
    // The name is taken only by who may have it: a stranger's attempt never stands in the way of the proxy itself.
    const claim = () => {
      const existing = active.get(facts.id);
      if (existing && existing !== stream && existing.state.is !== "closed") throw badRequest("there is already an active stream from this node, try again later");
      if (stream.state.is !== "closed") active.set(facts.id, stream);
    };
    const onRevoked = (reason: string) => {
      log.info("closing a stream whose credential is not good any more", { refusal: "session-ended", proxy: facts.id, reason });
      stream.call.end(status.unauthenticated, reason);
    };
    const admitted = await options.door.admit({ facts, credential, address: stream.call.remoteAddress, onRevoked, claim });
    if (stream.state.is === "closed") return admitted.leave();
    const subscription = options.status.connected(admitted.key, { version: facts.version, metadata: facts.metadata });
    const proxy = admitted.dataplane && new ConnectedProxy({ dataplane: admitted.dataplane, traits: internTraits(facts.traits) }, parts, {
      wanted: (snapshot) => apply(stream, stream.protocol.wanted(snapshot)),
      certificate: (certificate) => subscription.certificate(certificate),
      issued: (identity) => options.onIssued({ proxy: facts.id, mesh: facts.mesh, address: stream.call.remoteAddress, identity }),
    });
    const unfollow = proxy ? options.meshes.follow(facts.mesh, (view) => (view ? update(proxy, view) : stream.call.end(status.notFound, `mesh "${facts.mesh}" was deleted`))) : () => {};
    stream.state = { is: "open", proxyName: `${facts.proxyType}/${admitted.key.mesh}/${admitted.key.name}`, proxy, admitted, subscription, unfollow };
    log.info("proxy connected", { proxy: facts.id, address: stream.call.remoteAddress });
    const view = options.meshes.current(facts.mesh);
    if (proxy && !view) throw notFound(`mesh "${facts.mesh}" does not exist`);
    for (const waiting of stream.waiting.splice(0)) apply(stream, waiting());
    if (proxy && view) await proxy.start(view);
    else await startZoneProxy(stream, admitted.zoneProxy, facts);
  };

  const update = (proxy: ConnectedProxy, view: MeshView) => {
    const from = options.platform.clock.now();
    const isChanged = proxy.update(view);
    options.onGenerated?.(options.platform.clock.now() - from, isChanged);
  };

  const startZoneProxy = async (stream: Stream, proxy: AdmittedProxy["zoneProxy"], { proxyType: type, name, traits }: NodeFacts) => {
    if (!proxy || type === "dataplane") return;
    const { resource, ...place } = proxy;
    const send = () => {
      const resources = options.pipeline.zoneProxyResourcesFor({ type, name, traits: internTraits(traits), ...place }, kept.current(), options.anchors?.current());
      apply(stream, stream.protocol.wanted({ ...resources, endpoints: new Map(), secrets: new Map() }));
    };
    const kept = await keepAdminTls(options.adminTls, () => resource, options.platform, send);
    if (stream.state.is === "closed") return kept.end();
    const stopAnchors = options.anchors?.onChange(send);
    stream.endAdmin = () => {
      kept.end();
      stopAnchors?.();
    };
    send();
  };

  const apply = (stream: Stream, outcome: Outcome) => {
    if (stream.state.is !== "open") return;
    const { subscription } = stream.state;
    if (stream.protocol.names() > maxNames) return stream.call.end(status.resourceExhausted, "the stream has asked for too many resources");
    if (outcome.acknowledged) subscription.acknowledged(outcome.acknowledged);
    if (outcome.rejected) {
      stream.refused.add(outcome.rejected.typeUrl);
      log.warn("a proxy refused its configuration", { proxy: stream.id, type: outcome.rejected.typeUrl, reason: outcome.rejected.reason });
      subscription.rejected(outcome.rejected.typeUrl, outcome.rejected.reason);
    }
    for (const frame of outcome.frames) {
      subscription.sent(frame.typeUrl);
      stream.refused.delete(frame.typeUrl);
    }
    if (outcome.frames.length > 0) stream.call.send(...outcome.frames.map((it) => it.parts));
    const isSettled = (type: string) => !stream.protocol.isInFlight(type) && !stream.refused.has(type);
    if (isSettled(typeUrl.cluster)) stream.state.proxy?.settled("clusters", stream.protocol.asked(typeUrl.cluster));
    if (isSettled(typeUrl.secret)) stream.state.proxy?.settled("secrets", stream.protocol.asked(typeUrl.secret));
  };

  const refuse = (stream: Stream, error: unknown) => {
    const failure = failureOf(error);
    log.info("a stream was refused", { proxy: stream.id, address: stream.call.remoteAddress, error });
    if (!failure) return stream.call.end(status.internal, "internal server error");
    stream.call.end(failure.is === "unauthenticated" || failure.is === "denied" ? status.unauthenticated : failure.is === "unavailable" ? status.unavailable : status.unknown, failure.message);
  };

  const onClose = (stream: Stream) => {
    const { state } = stream;
    stream.state = { is: "closed" };
    if (stream.id !== undefined && active.get(stream.id) === stream) active.delete(stream.id);
    if (state.is !== "open") return;
    state.unfollow();
    state.proxy?.end();
    stream.endAdmin?.();
    state.subscription.ended();
    state.admitted.leave();
    log.info("proxy disconnected", { proxy: stream.id });
  };

  return {
    calls: new Map([
      [sotwMethod, (call: GrpcCall) => open(call, sotwProtocol(encode, internNames))],
      [deltaMethod, (call: GrpcCall) => open(call, deltaProtocol(options.instanceId))],
    ]),
    connected: () => active.size,
    close: unfollowJumps,
    shownIds: turnover.shown,
    streams: () => [...active.values()].flatMap(({ state, call }) => (state.is === "open" ? [{ proxy: state.proxyName, tls: call.tls }] : [])),
  };
}

interface Stream {
  readonly call: GrpcCall;
  readonly protocol: Protocol;
  readonly waiting: (() => Outcome)[];
  waitingBytes: number;
  /** Types whose newest answer the proxy refused. */
  readonly refused: Set<string>;
  id?: string;
  /** Of zone proxies: ends the care for their admin listener. */
  endAdmin?: () => void;
  state:
    | { readonly is: "new" }
    | { readonly is: "admitting" }
    | { readonly is: "open"; readonly proxyName: string; readonly proxy: ConnectedProxy | undefined; readonly admitted: AdmittedProxy; readonly subscription: Subscription; readonly unfollow: () => void }
    | { readonly is: "closed" };
}

/** The token as Envoy sends it: exactly one value, without a scheme. */
function credentialOf(call: GrpcCall): string {
  const value: string | string[] | undefined = call.headers.authorization;
  return typeof value === "string" ? value : "";
}
