// ADS for Envoy: authenticates the first request of a stream, registers its proxy, then keeps it at the newest snapshot.
import { fromBinary } from "@bufbuild/protobuf";
import { DeltaDiscoveryRequestSchema, DiscoveryRequestSchema } from "#gen/envoy/service/discovery/v3/discovery_pb.js";
import type { Node } from "#gen/envoy/config/core/v3/base_pb.js";
import { status, type GrpcCall } from "#grpc";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { traitsInterner } from "#mesh";
import { failureOf, notFound, type Resource, type ResourceKey } from "#resources";
import { initialDelta, nextDelta, type DeltaEvent } from "./delta.ts";
import { parseNode, type NodeFacts } from "./metadata.ts";
import type { Meshes } from "./meshes.ts";
import { ConnectedProxy, type ProxyParts } from "./proxy.ts";
import { initialSotw, nextSotw, type SotwEvent } from "./sotw.ts";
import type { Snapshot } from "./snapshot.ts";
import type { ProxyStatus, Subscription } from "./status.ts";
import { encodeDelta, encodeSotw } from "./wire.ts";

/** Who may have a stream, and what becomes of the proxy's own resource. Handed in by main. */
export interface ProxyDoor {
  /**
   * Checks the credential against the stored resource (nobody takes over another's name) and the one the proxy brought,
   * and registers the latter. Rejects with a KumaError. `onRevoked` is called when the credential stops being good.
   */
  admit(request: { readonly facts: NodeFacts; readonly credential: string; readonly onRevoked: (reason: string) => void }): Promise<AdmittedProxy>;
}

export interface AdmittedProxy {
  readonly key: ResourceKey;
  /** Undefined for zone proxies: they get an empty configuration until cross-zone routing is built. */
  readonly dataplane: Resource<Dataplane> | undefined;
  /** Called once when the stream has ended. */
  leave(): void;
}

export interface XdsOptions extends ProxyParts {
  readonly meshes: Meshes;
  readonly door: ProxyDoor;
  readonly status: ProxyStatus;
  readonly instanceId: string;
}

export const sotwMethod = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";
export const deltaMethod = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";

/** Requests a stream may send before it is admitted; more is a broken or hostile peer. */
const maxWaiting = 64;

export interface XdsServer {
  readonly calls: ReadonlyMap<string, (call: GrpcCall) => void>;
  /** Number of proxies with a stream. */
  connected(): number;
}

interface Outcome {
  readonly frames: readonly { readonly typeUrl: string; readonly parts: readonly Uint8Array[] }[];
  readonly acknowledged: string | undefined;
  readonly rejected: { readonly typeUrl: string; readonly reason: string } | undefined;
}

/** One variant of the protocol as the stream uses it: decoded requests in, encoded answers out. */
interface Protocol {
  parse(message: Uint8Array): { readonly node: Node | undefined; readonly apply: () => Outcome };
  wanted(snapshot: Snapshot): Outcome;
}

export function xdsServer(options: XdsOptions): XdsServer {
  const log = options.platform.log.child("xds");
  const internTraits = traitsInterner();
  const active = new Map<string, Stream>();

  const open = (call: GrpcCall, protocol: Protocol) => {
    const stream: Stream = { call, protocol, waiting: [], state: { is: "new" } };
    call.onMessage((message) => onMessage(stream, message));
    call.onClose(() => onClose(stream));
  };

  const onMessage = (stream: Stream, message: Uint8Array) => {
    let request: ReturnType<Protocol["parse"]>;
    try {
      request = stream.protocol.parse(message);
    } catch {
      return stream.call.end(status.invalidArgument, "the request is not a discovery request");
    }
    if (stream.state.is === "open") return apply(stream, request.apply());
    if (stream.waiting.length >= maxWaiting) return stream.call.end(status.resourceExhausted, "too many requests before the stream was admitted");
    stream.waiting.push(request.apply);
    if (stream.state.is !== "new") return;
    if (!request.node) return stream.call.end(status.invalidArgument, "the first request of a stream must name its node");
    stream.state = { is: "admitting" };
    admit(stream, request.node).catch((error: unknown) => refuse(stream, error));
  };

  const admit = async (stream: Stream, node: Node) => {
    const facts = parseNode(node);
    const credential = credentialOf(stream.call);
    const existing = active.get(facts.id);
    if (existing && existing.state.is !== "closed") return stream.call.end(status.unknown, "there is already an active stream from this node, try again later");
    active.set(facts.id, stream);
    stream.id = facts.id;
    const onRevoked = (reason: string) => {
      log.info("closing a stream whose credential is not good any more", { proxy: facts.id, reason });
      stream.call.end(status.unauthenticated, reason);
    };
    const admitted = await options.door.admit({ facts, credential, onRevoked });
    if (stream.state.is === "closed") return admitted.leave();
    const subscription = options.status.connected(admitted.key, { version: facts.version, metadata: facts.metadata });
    const proxy = admitted.dataplane && new ConnectedProxy({ dataplane: admitted.dataplane, traits: internTraits(facts.traits) }, options, {
      wanted: (snapshot) => apply(stream, stream.protocol.wanted(snapshot)),
      certificate: (certificate) => subscription.certificate(certificate),
    });
    const unfollow = proxy ? options.meshes.follow(facts.mesh, (view) => (view ? proxy.update(view) : stream.call.end(status.notFound, `mesh "${facts.mesh}" was deleted`))) : () => {};
    stream.state = { is: "open", proxy, admitted, subscription, unfollow };
    log.info("proxy connected", { proxy: facts.id, address: stream.call.remoteAddress });
    const view = options.meshes.current(facts.mesh);
    if (proxy && !view) throw notFound(`mesh "${facts.mesh}" does not exist`);
    for (const waiting of stream.waiting.splice(0)) apply(stream, waiting());
    if (proxy && view) await proxy.start(view);
    else apply(stream, stream.protocol.wanted({ clusters: [], listeners: [], endpoints: new Map(), secrets: new Map() }));
  };

  const apply = (stream: Stream, outcome: Outcome) => {
    if (stream.state.is !== "open") return;
    const { subscription } = stream.state;
    if (outcome.acknowledged) subscription.acknowledged(outcome.acknowledged);
    if (outcome.rejected) {
      log.warn("a proxy refused its configuration", { proxy: stream.id, type: outcome.rejected.typeUrl, reason: outcome.rejected.reason });
      subscription.rejected(outcome.rejected.typeUrl, outcome.rejected.reason);
    }
    for (const frame of outcome.frames) {
      subscription.sent(frame.typeUrl);
      stream.call.send(frame.parts);
    }
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
    state.subscription.ended();
    state.admitted.leave();
    log.info("proxy disconnected", { proxy: stream.id });
  };

  return {
    calls: new Map([
      [sotwMethod, (call: GrpcCall) => open(call, sotwProtocol(options.instanceId))],
      [deltaMethod, (call: GrpcCall) => open(call, deltaProtocol(options.instanceId))],
    ]),
    connected: () => active.size,
  };
}

interface Stream {
  readonly call: GrpcCall;
  readonly protocol: Protocol;
  readonly waiting: (() => Outcome)[];
  id?: string;
  state:
    | { readonly is: "new" }
    | { readonly is: "admitting" }
    | { readonly is: "open"; readonly proxy: ConnectedProxy | undefined; readonly admitted: AdmittedProxy; readonly subscription: Subscription; readonly unfollow: () => void }
    | { readonly is: "closed" };
}

/** The token as Envoy sends it: exactly one value, without a scheme. */
function credentialOf(call: GrpcCall): string {
  const value: string | string[] | undefined = call.headers.authorization;
  return typeof value === "string" ? value : "";
}

function sotwProtocol(instanceId: string): Protocol {
  let state = initialSotw;
  const step = (event: SotwEvent): Outcome => {
    const outcome = nextSotw(state, event);
    state = outcome.state;
    return { ...outcome, frames: outcome.responses.map((it) => ({ typeUrl: it.typeUrl, parts: encodeSotw(it, instanceId) })) };
  };
  return {
    parse(message) {
      const request = fromBinary(DiscoveryRequestSchema, message);
      const event: SotwEvent = {
        is: "request",
        request: { typeUrl: request.typeUrl, names: request.resourceNames, nonce: request.responseNonce, error: request.errorDetail?.message ?? "" },
      };
      return { node: request.node, apply: () => step(event) };
    },
    wanted: (snapshot) => step({ is: "wanted", snapshot }),
  };
}

function deltaProtocol(instanceId: string): Protocol {
  let state = initialDelta;
  const step = (event: DeltaEvent): Outcome => {
    const outcome = nextDelta(state, event);
    state = outcome.state;
    return { ...outcome, frames: outcome.responses.map((it) => ({ typeUrl: it.typeUrl, parts: encodeDelta(it, instanceId) })) };
  };
  return {
    parse(message) {
      const request = fromBinary(DeltaDiscoveryRequestSchema, message);
      const event: DeltaEvent = {
        is: "request",
        request: {
          typeUrl: request.typeUrl, subscribe: request.resourceNamesSubscribe, unsubscribe: request.resourceNamesUnsubscribe,
          initialVersions: request.initialResourceVersions, nonce: request.responseNonce, error: request.errorDetail?.message ?? "",
        },
      };
      return { node: request.node, apply: () => step(event) };
    },
    wanted: (snapshot) => step({ is: "wanted", snapshot }),
  };
}
