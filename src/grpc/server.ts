// Serving gRPC and plain HTTP requests on HTTP/2 connections whose sockets security/ has made.
import { constants, performServerHandshake, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { tlsFacts, type Socket, type TlsFacts } from "#security";
import type { Platform } from "#platform";
import { chunksOf, FrameReader, FramingError } from "./framing.ts";
import { keepalive } from "./keepalive.ts";
import { encodeStatusMessage, status } from "./status.ts";

/** One bidirectional call: bytes in, bytes out. */
export interface GrpcCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string;
  /** Undefined in the clear. */
  readonly tls?: TlsFacts | undefined;
  /** True while the peer takes more; after false wait for `onDrain`. Each message in parts, which are not changed afterwards; several are one write. */
  send(...messages: readonly (readonly Uint8Array[])[]): boolean;
  onMessage(handle: (message: Uint8Array) => void): void;
  onDrain(handle: () => void): void;
  /** Called once, whoever ended the call. */
  onClose(handle: () => void): void;
  /** Ends the call with a status (status.ts). */
  end(code: number, message: string): void;
}

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly remoteAddress: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface Http2Options {
  readonly platform: Platform;
  /** By full method path, e.g. `/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources`. */
  readonly calls: ReadonlyMap<string, (call: GrpcCall) => void>;
  /** Requests that are not gRPC. */
  readonly http: (request: HttpRequest) => Promise<HttpResponse>;
  readonly maxMessageBytes: number;
  readonly maxBodyBytes: number;
  /** A peer that has said nothing for so long is asked whether it is there. */
  readonly keepaliveMs: number;
}

/** What the streams of one connection hold together of messages and bodies that are not complete: no peer is trusted with more. */
interface Connection {
  readonly remoteAddress: string;
  readonly tls: TlsFacts | undefined;
  heldBytes: number;
}

const maxHeldBytes = 64 * 1024 * 1024;
/** From the headers of a plain request to the end of its body. */
const bodyDeadlineMs = 30_000;

/** Returns what takes over a connection, and a way to end all of them. */
export function http2Server(options: Http2Options): { accept(socket: Socket): void; close(): void } {
  const sessions = new Set<ServerHttp2Session>();
  const peers = keepalive(options.platform.clock, options.keepaliveMs);
  return {
    accept(socket) {
      const session = performServerHandshake(socket, { settings: { maxConcurrentStreams: 1_000_000, initialWindowSize: 1 << 20 } });
      const connection: Connection = { remoteAddress: socket.remoteAddress ?? "", tls: tlsFacts(socket), heldBytes: 0 };
      sessions.add(session);
      session.on("error", () => session.destroy()); // a broken peer costs only its own connection
      session.on("stream", (stream, headers, _flags, rawHeaders) => serve(stream, headers, rawHeaders, connection, options));
      const unwatch = peers.watch(session);
      session.on("close", () => {
        unwatch();
        sessions.delete(session);
      });
    },
    close() {
      for (const session of sessions) session.destroy();
    },
  };
}

function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[], connection: Connection, options: Http2Options): void {
  stream.on("error", () => {}); // resets in the middle are normal; `close` follows
  const contentType = headers["content-type"] ?? "";
  if (!contentType.includes("application/grpc")) {
    void serveHttp(stream, headers, connection, options);
    return;
  }
  const path = headers[":path"] ?? "";
  const handler = options.calls.get(path);
  const call = openCall(stream, path, headers, connection, options);
  if (!handler) return call.end(status.unimplemented, `unknown method ${path}`);
  // Node would show the first of several and hide the others.
  const credentials = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === "authorization").length;
  if (credentials > 1) return call.end(status.unauthenticated, `request must have exactly 1 "authorization" header, got ${credentials}`);
  try {
    handler(call);
  } catch (error) {
    options.platform.log.error("a gRPC handler failed", { path, error });
    call.end(status.internal, "internal server error");
  }
}

function openCall(stream: ServerHttp2Stream, path: string, headers: IncomingHttpHeaders, connection: Connection, { maxMessageBytes, platform }: Http2Options): GrpcCall {
  const reader = new FrameReader(maxMessageBytes);
  const unread: Buffer[] = [];
  let isBlocked = false;
  let handleMessage: (message: Uint8Array) => void = () => {};
  let ended = false;
  let trailers: Record<string, string> = {};
  const respond = () => {
    if (!stream.headersSent) stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  };
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  const end = (code: number, message: string) => {
    if (ended || stream.destroyed) return;
    ended = true;
    trailers = { "grpc-status": String(code), "grpc-message": encodeStatusMessage(message) };
    if (!stream.headersSent) {
      stream.respond({ ":status": 200, "content-type": "application/grpc", ...trailers }, { endStream: true });
    } else {
      stream.end();
    }
    // A peer that goes on sending after our trailers is cut off; a second is enough for the trailers to reach it.
    const cancel = platform.clock.after(1000, () => stream.close(constants.NGHTTP2_NO_ERROR));
    stream.once("close", cancel);
  };
  /** Who does not take our answers is not listened to: else each further request would add an answer to those that wait. */
  const work = () => {
    for (let message = unread.shift(); message; message = isBlocked ? undefined : unread.shift()) if (!ended) handleMessage(message);
  };
  const guarded = (action: () => void) => {
    try {
      action();
    } catch (error) {
      if (error instanceof FramingError) return end(error.code, error.message);
      platform.log.error("a gRPC handler failed", { path, error });
      end(status.internal, "internal server error");
    }
  };
  stream.on("data", (chunk: Buffer) => {
    if (ended) return;
    const before = reader.held;
    guarded(() => {
      unread.push(...reader.read(chunk));
      connection.heldBytes += reader.held - before;
      if (connection.heldBytes > maxHeldBytes) throw new FramingError(status.resourceExhausted, "too many unfinished messages on this connection");
      if (!isBlocked) work();
    });
  });
  stream.on("drain", () => {
    isBlocked = false;
    guarded(work);
    if (!isBlocked) stream.resume();
  });
  stream.on("end", () => end(status.ok, ""));
  // A stream that is not being read would not notice that its peer has gone.
  stream.once("aborted", () => stream.destroy());
  stream.once("close", () => (connection.heldBytes -= reader.held));
  return {
    path,
    headers,
    remoteAddress: connection.remoteAddress,
    tls: connection.tls,
    send(...messages) {
      if (ended || stream.destroyed) return false;
      respond();
      const isTaken = writeAll(stream, chunksOf(messages));
      if (!isTaken) {
        isBlocked = true;
        stream.pause();
      }
      return isTaken;
    },
    onMessage: (handle) => (handleMessage = handle),
    onDrain: (handle) => void stream.on("drain", handle),
    onClose: (handle) => void stream.once("close", handle),
    end,
  };
}

/** True while the peer takes more. */
function writeAll(stream: ServerHttp2Stream, chunks: readonly Uint8Array[]): boolean {
  if (chunks.length > 1) stream.cork();
  let isTaken = true;
  for (const chunk of chunks) isTaken = stream.write(chunk);
  if (chunks.length > 1) stream.uncork();
  return isTaken;
}

async function serveHttp(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, connection: Connection, options: Http2Options): Promise<void> {
  try {
    const body = await collect(stream, Number(headers["content-length"] ?? 0), connection, options);
    if (stream.destroyed) return;
    if (typeof body === "number") {
      stream.respond({ ":status": body, "content-type": "text/plain" }, { endStream: true });
      stream.close(constants.NGHTTP2_NO_ERROR);
      return;
    }
    const request = { method: headers[":method"] ?? "GET", path: headers[":path"] ?? "/", headers: { host: headers[":authority"], ...headers }, body, remoteAddress: connection.remoteAddress };
    const response = await options.http(request);
    if (stream.destroyed) return;
    stream.respond({ ":status": response.status, ...response.headers });
    stream.end(response.body);
  } catch (error) {
    options.platform.log.debug("an HTTP/2 request failed", { error });
    if (!stream.destroyed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

/** The whole body, or the status that refuses it: too large, or not here in time. */
function collect(stream: ServerHttp2Stream, announcedBytes: number, connection: Connection, { maxBodyBytes, platform }: Http2Options): Promise<Buffer | number> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (result: Buffer | number) => {
      cancel();
      connection.heldBytes -= size;
      size = 0;
      stream.removeListener("data", take);
      resolve(result);
    };
    const take = (chunk: Buffer) => {
      size += chunk.byteLength;
      connection.heldBytes += chunk.byteLength;
      if (size > maxBodyBytes || connection.heldBytes > maxHeldBytes) return settle(413);
      chunks.push(chunk);
    };
    const cancel = platform.clock.after(bodyDeadlineMs, () => settle(408));
    if (announcedBytes > maxBodyBytes) return settle(413);
    stream.on("data", take);
    stream.once("end", () => settle(Buffer.concat(chunks)));
    stream.once("close", () => settle(400)); // nobody is left to read it
  });
}
