// Health discovery for Envoy: says what to check and keeps the results on the proxy's Dataplane.
import { fromBinary } from "@bufbuild/protobuf";
import type { Node } from "#gen/envoy/config/core/v3/base_pb.js";
import { HealthCheckRequestOrEndpointHealthResponseSchema } from "#gen/envoy/service/health/v3/hds_pb.js";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { status, type GrpcCall } from "#grpc";
import type { Platform } from "#platform";
import { failureOf, keyText, type Resource, type ResourceKey } from "#resources";
import type { TlsFacts } from "#security";
import type { Store } from "#store";
import type { WriteDoor } from "#write";
import { healthChecks, resultsOf, withResults, type CheckSettings, type Results } from "./checks.ts";
import { newSession, nextSession, type Effect, type Session, type SessionEvent } from "./session.ts";

export interface AdmittedHealthStream {
  readonly dataplane: Resource<Dataplane>;
  /** Called once when the stream has ended. */
  leave(): void;
}

export interface HdsOptions {
  readonly store: Store;
  readonly door: WriteDoor;
  readonly platform: Platform;
  readonly settings: CheckSettings;
  /** TCP port of the proxy's admin as its node says; 0 when there is none. */
  readonly adminPortOf: (node: Node) => number;
  /** Checks the credential for the stored Dataplane of the node. Rejects with a KumaError. `onRevoked` is called when it stops being good. */
  readonly admit: (request: { readonly node: Node; readonly credential: string; readonly address: string; readonly onRevoked: (reason: string) => void }) => Promise<AdmittedHealthStream>;
  readonly onResults?: (dataplane: ResourceKey, results: Results) => void;
}

export interface HdsServer {
  readonly calls: ReadonlyMap<string, (call: GrpcCall) => void>;
  /** Admitted streams by `dataplane/<mesh>/<name>`, with how they are protected. */
  streams(): readonly { readonly proxy: string; readonly tls: TlsFacts | undefined }[];
  close(): void;
}

export const streamMethod = "/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck";

interface Stream {
  readonly call: GrpcCall;
  session: Session;
  admitted?: AdmittedHealthStream;
  adminPort: number;
  /** The newest results that wait to be stored. */
  waiting?: Results;
  isStoring: boolean;
}

export function hdsCalls(options: HdsOptions): HdsServer {
  const { store, door, platform } = options;
  const log = platform.log.child("hds");
  const open = new Map<string, Set<Stream>>();

  const step = (stream: Stream, event: SessionEvent, node?: Node) => {
    const [session, effects] = nextSession(stream.session, event);
    stream.session = session;
    for (const effect of effects) perform(stream, effect, node);
  };

  const perform = (stream: Stream, effect: Effect, node: Node | undefined) => {
    if (effect.is === "refuse") return stream.call.end(status.invalidArgument, effect.reason);
    if (effect.is === "send") return void stream.call.send([effect.bytes]);
    if (effect.is === "admit") {
      if (node) admit(stream, node).catch((error: unknown) => refuse(stream, error));
      return;
    }
    stream.waiting = effect.results;
    if (!stream.isStoring) void storeResults(stream);
  };

  const admit = async (stream: Stream, node: Node) => {
    const onRevoked = (reason: string) => {
      log.info("closing a health stream whose credential is not good any more", { refusal: "session-ended", address: stream.call.remoteAddress, reason });
      stream.call.end(status.unauthenticated, reason);
    };
    const { authorization } = stream.call.headers;
    const admitted = await options.admit({ node, credential: typeof authorization === "string" ? authorization : "", address: stream.call.remoteAddress, onRevoked });
    if (stream.session.is === "closed") return admitted.leave();
    stream.admitted = admitted;
    stream.adminPort = options.adminPortOf(node);
    const name = keyText(admitted.dataplane);
    open.set(name, (open.get(name) ?? new Set()).add(stream));
    tell(stream, admitted.dataplane.spec);
  };

  const tell = (stream: Stream, dataplane: Dataplane) => step(stream, { is: "wanted", checks: healthChecks(dataplane, stream.adminPort, options.settings) });

  const refuse = (stream: Stream, error: unknown) => {
    const failure = failureOf(error);
    log.info("a health stream was refused", { address: stream.call.remoteAddress, error });
    if (!failure) return stream.call.end(status.internal, "internal server error");
    const isAccess = failure.is === "unauthenticated" || failure.is === "denied";
    stream.call.end(isAccess ? status.unauthenticated : failure.is === "unavailable" ? status.unavailable : status.unknown, failure.message);
  };

  /** One write at a time and the newest results only: a slow store must not collect reports. */
  const storeResults = async (stream: Stream) => {
    stream.isStoring = true;
    for (let results = stream.waiting; results && stream.admitted; results = stream.waiting) {
      delete stream.waiting;
      const key = stream.admitted.dataplane;
      options.onResults?.(key, results);
      try {
        await updateInbounds(key, results);
      } catch (error) {
        if (failureOf(error)?.is !== "not-found") log.warn("could not store results of health checks", { proxy: key.name, mesh: key.mesh, error });
      }
    }
    stream.isStoring = false;
  };

  const updateInbounds = async ({ type, mesh, name }: ResourceKey, results: Results) => {
    const change = (current: Resource | undefined): Resource | undefined => {
      const spec = current && withResults(current.spec as Dataplane, results);
      return current && spec && { ...current, spec };
    };
    if (change(store.get({ type, mesh, name }))) await door.update({ is: "proxy", name }, { type, mesh, name }, change);
  };

  const onMessage = (stream: Stream, bytes: Uint8Array) => {
    try {
      const { requestType } = fromBinary(HealthCheckRequestOrEndpointHealthResponseSchema, bytes);
      if (requestType.case === "healthCheckRequest") step(stream, { is: "hello", hasNode: requestType.value.node !== undefined }, requestType.value.node);
      if (requestType.case === "endpointHealthResponse") step(stream, { is: "report", results: resultsOf(requestType.value) });
    } catch {
      stream.call.end(status.invalidArgument, "the request is not a health check request");
    }
  };

  const onClose = (stream: Stream) => {
    step(stream, { is: "closed" });
    const { admitted } = stream;
    if (!admitted) return;
    const name = keyText(admitted.dataplane);
    const its = open.get(name);
    its?.delete(stream);
    if (its?.size === 0) open.delete(name);
    admitted.leave();
  };

  const unfollow = store.follow((changes) => {
    for (const { key, current } of changes) {
      if (key.type !== "Dataplane" || !current) continue;
      for (const stream of open.get(keyText(key)) ?? []) tell(stream, current.spec as Dataplane);
    }
  });

  return {
    calls: new Map([
      [
        streamMethod,
        (call: GrpcCall) => {
          const stream: Stream = { call, session: newSession, adminPort: 0, isStoring: false };
          call.onMessage((bytes) => onMessage(stream, bytes));
          call.onClose(() => onClose(stream));
        },
      ],
    ]),
    streams: () => [...open.values()].flatMap((its) => [...its].flatMap(({ admitted, call }) => (admitted ? [{ proxy: `dataplane/${admitted.dataplane.mesh}/${admitted.dataplane.name}`, tls: call.tls }] : []))),
    close: unfollow,
  };
}
