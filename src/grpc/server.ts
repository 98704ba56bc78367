// Serving gRPC and plain HTTP requests on HTTP/2 connections whose sockets security/ has made.
import { constants, performServerHandshake, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "#security";
import type { Platform } from "#platform";
import { FrameReader, FramingError, frameOf } from "./framing.ts";
import { encodeStatusMessage, status } from "./status.ts";

/** One bidirectional call: bytes in, bytes out. */
export interface GrpcCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string;
  /** True while the peer takes more; after false wait for `onDrain`. Parts of one message; they are not changed afterwards. */
  send(parts: readonly Uint8Array[]): boolean;
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
  readonly keepaliveMs: number;
}

/** Returns what takes over a connection, and a way to end all of them. */
export function http2Server(options: Http2Options): { accept(socket: Socket): void; close(): void } {
  const sessions = new Set<ServerHttp2Session>();
  return {
    accept(socket) {
      const session = performServerHandshake(socket, { settings: { maxConcurrentStreams: 1_000_000, initialWindowSize: 1 << 20 } });
      const remoteAddress = socket.remoteAddress ?? "";
      sessions.add(session);
      session.on("error", () => session.destroy()); // a broken peer costs only its own connection
      session.on("stream", (stream, headers) => serve(stream, headers, remoteAddress, options));
      const stopKeepalive = keepAlive(session, options);
      session.on("close", () => {
        stopKeepalive();
        sessions.delete(session);
      });
    },
    close() {
      for (const session of sessions) session.destroy();
    },
  };
}

/** Pings a silent peer; one that does not answer within the interval is gone. */
function keepAlive(session: ServerHttp2Session, { platform, keepaliveMs }: Http2Options): () => void {
  let cancel = () => {};
  const round = () => {
    if (session.destroyed) return;
    const cancelDeadline = platform.clock.after(keepaliveMs, () => session.destroy());
    const sent = session.ping((error) => {
      cancelDeadline();
      if (!error && !session.destroyed) cancel = platform.clock.after(keepaliveMs, round);
    });
    if (!sent) cancelDeadline();
  };
  cancel = platform.clock.after(keepaliveMs, round);
  return () => cancel();
}

function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, remoteAddress: string, options: Http2Options): void {
  stream.on("error", () => {}); // resets in the middle are normal; `close` follows
  const contentType = headers["content-type"] ?? "";
  if (!contentType.includes("application/grpc")) {
    void serveHttp(stream, headers, remoteAddress, options);
    return;
  }
  const path = headers[":path"] ?? "";
  const handler = options.calls.get(path);
  const call = openCall(stream, path, headers, remoteAddress, options);
  if (!handler) return call.end(status.unimplemented, `unknown method ${path}`);
  try {
    handler(call);
  } catch (error) {
    options.platform.log.error("a gRPC handler failed", { path, error });
    call.end(status.internal, "internal server error");
  }
}

function openCall(stream: ServerHttp2Stream, path: string, headers: IncomingHttpHeaders, remoteAddress: string, { maxMessageBytes, platform }: Http2Options): GrpcCall {
  const reader = new FrameReader(maxMessageBytes);
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
  stream.on("data", (chunk: Buffer) => {
    if (ended) return;
    try {
      for (const message of reader.read(chunk)) handleMessage(message);
    } catch (error) {
      if (error instanceof FramingError) end(error.code, error.message);
      else end(status.internal, "internal server error");
    }
  });
  stream.on("end", () => end(status.ok, ""));
  return {
    path,
    headers,
    remoteAddress,
    send(parts) {
      if (ended || stream.destroyed) return false;
      respond();
      return stream.write(frameOf(parts));
    },
    onMessage: (handle) => (handleMessage = handle),
    onDrain: (handle) => void stream.on("drain", handle),
    onClose: (handle) => void stream.once("close", handle),
    end,
  };
}

async function serveHttp(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, remoteAddress: string, options: Http2Options): Promise<void> {
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > options.maxBodyBytes) {
        stream.respond({ ":status": 413, "content-type": "text/plain" }, { endStream: true });
        stream.close(constants.NGHTTP2_NO_ERROR);
        return;
      }
      chunks.push(chunk);
    }
    const request = { method: headers[":method"] ?? "GET", path: headers[":path"] ?? "/", headers: { host: headers[":authority"], ...headers }, body: Buffer.concat(chunks), remoteAddress };
    const response = await options.http(request);
    if (stream.destroyed) return;
    stream.respond({ ":status": response.status, ...response.headers });
    stream.end(response.body);
  } catch (error) {
    options.platform.log.debug("an HTTP/2 request failed", { error });
    if (!stream.destroyed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}
