// An HTTP/1.1 server without a port of its own: openEndpoint feeds it sockets; limits on headers, requests and silence are set here.
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";

export interface Http1Timeouts {
  /** From the first moment of a connection, or of its next request, to the end of the headers. At most 30 s. */
  readonly headersMs?: number;
  /** For headers and body together. */
  readonly requestMs?: number;
  /** Between two requests. */
  readonly idleMs?: number;
  readonly maxHeaderBytes?: number;
}

const silenceLimitMs = 30_000;

/** A server for `feedHttp1` and for fastify's `serverFactory`. */
export function createHttp1Server(listener: RequestListener, timeouts: Http1Timeouts = {}): Server {
  const server = createServer(
    {
      headersTimeout: Math.min(timeouts.headersMs ?? 10_000, silenceLimitMs),
      requestTimeout: timeouts.requestMs ?? 60_000,
      keepAliveTimeout: timeouts.idleMs ?? 120_000,
      maxHeaderSize: timeouts.maxHeaderBytes ?? 16_384,
      connectionsCheckingInterval: Math.min(1000, timeouts.headersMs ?? 1000),
      requireHostHeader: true,
    },
    listener,
  );
  // Without a port of its own the server never says so, and then it does not watch its connections' deadlines.
  server.emit("listening");
  return server;
}

/** Gives an accepted socket to the server. */
export const feedHttp1 = (server: Server) => (socket: Socket): void => void server.emit("connection", socket);

export type { IncomingMessage, Server as Http1Server };
