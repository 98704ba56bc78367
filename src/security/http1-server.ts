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
  /** A connection on which nothing moves for so long, in either direction, is closed: also one that does not read its answer. */
  readonly stallMs?: number;
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
    inTurn(listener),
  );
  server.timeout = timeouts.stallMs ?? 60_000;
  // Without a port of its own the server never says so, and then it does not watch its connections' deadlines.
  server.emit("listening");
  return server;
}

const maxPipelined = 64;

/**
 * One request of a connection at a time: node would answer all that were sent together at once, and a peer that
 * asks a thousand times for a long list and reads nothing would have a thousand answers kept for it.
 */
function inTurn(listener: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, (() => void)[]>();
  return (request, response) => {
    const { socket } = request;
    const start = () => {
      response.once("close", () => {
        const next = socket.destroyed ? undefined : waiting.get(socket)?.shift();
        if (next) next();
        else waiting.delete(socket);
      });
      listener(request, response);
    };
    const queue = waiting.get(socket);
    if (!queue) {
      waiting.set(socket, []);
      return start();
    }
    if (queue.length >= maxPipelined) return void socket.destroy();
    queue.push(start);
  };
}

/** Gives an accepted socket to the server. */
export const feedHttp1 = (server: Server) => (socket: Socket): void => void server.emit("connection", socket);

export type { IncomingMessage, Server as Http1Server };
