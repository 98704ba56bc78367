// A minimal Envoy for tests: ADS over a real TLS connection, state of the world or delta, one verb per step.
import { connect, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import { create, fromBinary, toBinary, type JsonObject } from "@bufbuild/protobuf";
import { DeltaDiscoveryRequestSchema, DeltaDiscoveryResponseSchema, DiscoveryRequestSchema, DiscoveryResponseSchema } from "#gen/envoy/service/discovery/v3/discovery_pb.js";
import { frameOf, FrameReader } from "#grpc";

export const typeUrl = {
  cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  endpoints: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
} as const;

export const service = "/envoy.service.discovery.v3.AggregatedDiscoveryService";

export interface Received {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly version: string;
  /** Number of resources. */
  readonly size: number;
}

export interface Closing {
  /** `grpc-status`; -1 when the peer said none. */
  readonly code: number;
  readonly message: string;
}

export interface ProxyOptions {
  /** `<mesh>.<name>`; undefined leaves the node out. */
  readonly id?: string | undefined;
  readonly token?: string | readonly string[];
  readonly metadata?: JsonObject;
  readonly isDelta?: boolean;
  /** Another method than discovery; what is written and answered is then the caller's to read. */
  readonly method?: string;
  /** An open connection to share. */
  readonly session?: ClientHttp2Session;
}

export interface TestProxy {
  readonly stream: ClientHttp2Stream;
  readonly session: ClientHttp2Session;
  /** The node goes with the first request only, as Envoy sends it; `node` sends another one. */
  subscribe(type: string, names?: readonly string[], node?: { readonly id: string; readonly metadata?: JsonObject }): void;
  ack(answer: Received): void;
  nack(answer: Received, reason: string): void;
  /** Bytes as they are: not framed. */
  write(bytes: Uint8Array): void;
  next(timeoutMs?: number): Promise<Received>;
  closed(timeoutMs?: number): Promise<Closing>;
  /** Ends the connection, or only the stream of a shared one. */
  leave(): void;
}

/** The port for proxies of a control plane, wherever it runs. */
export interface AdsServer {
  readonly caPem: string;
  readonly ports: { readonly dp: number };
}

export const openSession = (controlPlane: AdsServer): ClientHttp2Session => {
  // The types do not know the option that lets a client send a header twice.
  // Nor is this client shy of what it has under way itself.
  const options = { ca: controlPlane.caPem, strictSingleValueFields: false, maxSessionMemory: 1000 };
  const session = connect(`https://127.0.0.1:${controlPlane.ports.dp}`, options);
  session.on("error", () => {});
  return session;
};

/** The metadata of a proxy that brings its own Dataplane. */
export const bringing = (resource: object): JsonObject => ({ "dataplane.resource": JSON.stringify(resource), "dataplane.proxyType": "dataplane" });

export function connectProxy(controlPlane: AdsServer, options: ProxyOptions): TestProxy {
  const session = options.session ?? openSession(controlPlane);
  const token: Record<string, string | string[]> = options.token === undefined ? {} : { authorization: typeof options.token === "string" ? options.token : [...options.token] };
  const stream = session.request({
    ":method": "POST", ":path": options.method ?? `${service}/${options.isDelta ? "DeltaAggregatedResources" : "StreamAggregatedResources"}`, "content-type": "application/grpc", te: "trailers", ...token,
  });
  const reader = new FrameReader(256 * 1024 * 1024);
  const received: Received[] = [];
  const waiting: ((answer: Received) => void)[] = [];
  let closing: Closing | undefined;
  const onClosing: ((it: Closing) => void)[] = [];
  const close = (it: Closing) => {
    if (closing) return;
    closing = it;
    for (const tell of onClosing) tell(it);
  };
  const statusIn = (headers: IncomingHttpHeaders) => {
    const { "grpc-status": code, "grpc-message": message } = headers;
    if (typeof code === "string") close({ code: Number(code), message: typeof message === "string" ? decodeURIComponent(message) : "" });
  };
  stream.on("response", statusIn);
  stream.on("trailers", statusIn);
  stream.on("error", () => {});
  stream.on("close", () => close({ code: -1, message: "closed without a status" }));
  stream.on("data", (chunk: Buffer) => {
    for (const message of reader.read(chunk)) {
      const answer = options.method ? { typeUrl: options.method, nonce: "", version: "", size: message.byteLength } : options.isDelta ? deltaAnswer(message) : sotwAnswer(message);
      const first = waiting.shift();
      if (first) first(answer);
      else received.push(answer);
    }
  });

  let names: readonly string[] = [];
  let isFirst = true;
  const send = (fields: { readonly type: string; readonly names?: readonly string[]; readonly nonce?: string; readonly version?: string; readonly error?: string; readonly node?: { readonly id: string; readonly metadata?: JsonObject } }) => {
    const own = isFirst && options.id !== undefined ? { id: options.id, metadata: options.metadata ?? {} } : undefined;
    isFirst = false;
    const node = fields.node ?? own;
    const common = { typeUrl: fields.type, responseNonce: fields.nonce ?? "", ...(node ? { node: { id: node.id, metadata: node.metadata ?? {} } } : {}), ...(fields.error ? { errorDetail: { code: 13, message: fields.error } } : {}) };
    const bytes = options.isDelta
      ? toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, { ...common, resourceNamesSubscribe: [...(fields.nonce ? [] : (fields.names ?? []))] }))
      : toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { ...common, versionInfo: fields.version ?? "", resourceNames: [...(fields.names ?? [])] }));
    stream.write(frameOf([bytes]));
  };

  return {
    stream, session,
    subscribe(type, wanted = [], node) {
      names = wanted;
      send({ type, names: wanted, ...(node ? { node } : {}) });
    },
    ack: (answer) => send({ type: answer.typeUrl, names, nonce: answer.nonce, version: answer.version }),
    nack: (answer, reason) => send({ type: answer.typeUrl, names, nonce: answer.nonce, error: reason }),
    write: (bytes) => void stream.write(bytes),
    next: (timeoutMs = 10_000) => {
      const ready = received.shift();
      if (ready) return Promise.resolve(ready);
      const waiter = (answer: Received) => tell(answer);
      let tell: (answer: Received) => void = () => {};
      const answered = within<Received>(timeoutMs, "no answer", (resolve, reject) => {
        tell = resolve;
        waiting.push(waiter);
        onClosing.push((it) => reject(new Error(`the stream ended: ${it.code} ${it.message}`)));
        if (closing) reject(new Error(`the stream has ended: ${closing.code} ${closing.message}`));
      });
      // Who has stopped waiting must not swallow the next answer.
      return answered.finally(() => {
        if (waiting.includes(waiter)) waiting.splice(waiting.indexOf(waiter), 1);
      });
    },
    closed: (timeoutMs = 10_000) => (closing ? Promise.resolve(closing) : within(timeoutMs, "the stream is still open", (resolve) => void onClosing.push(resolve))),
    leave() {
      if (options.session) stream.close();
      else session.destroy();
    },
  };
}

function sotwAnswer(message: Uint8Array): Received {
  const { typeUrl: type, nonce, versionInfo, resources } = fromBinary(DiscoveryResponseSchema, message);
  return { typeUrl: type, nonce, version: versionInfo, size: resources.length };
}

function deltaAnswer(message: Uint8Array): Received {
  const { typeUrl: type, nonce, systemVersionInfo, resources } = fromBinary(DeltaDiscoveryResponseSchema, message);
  return { typeUrl: type, nonce, version: systemVersionInfo, size: resources.length };
}

function within<T>(timeoutMs: number, otherwise: string, start: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${otherwise} within ${timeoutMs} ms`)), timeoutMs);
    start(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
