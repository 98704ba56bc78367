// Peers without manners: bytes as they come, over TCP or TLS, and what was answered.
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

export interface RawPeer {
  readonly socket: Socket;
  /** Everything received so far. */
  received(): string;
  /** Resolves when the other side has closed the connection. */
  closed(timeoutMs?: number): Promise<string>;
}

export function rawPeer(port: number, tls?: { readonly caPem: string; readonly alpn?: string }): Promise<RawPeer> {
  return new Promise((resolve, reject) => {
    let text = "";
    let hasClosed = false;
    const socket: Socket = tls
      ? connectTls({ host: "127.0.0.1", port, ca: tls.caPem, ...(tls.alpn ? { ALPNProtocols: [tls.alpn] } : {}) }, () => resolve(peer))
      : connectPlain(port, "127.0.0.1", () => resolve(peer));
    const peer: RawPeer = {
      socket,
      received: () => text,
      closed: (timeoutMs = 10_000) =>
        new Promise((done, failed) => {
          if (hasClosed) return done(text);
          const timer = setTimeout(() => failed(new Error(`the connection is still open after ${timeoutMs} ms`)), timeoutMs);
          socket.once("close", () => {
            clearTimeout(timer);
            done(text);
          });
        }),
    };
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("close", () => (hasClosed = true));
    socket.on("error", reject);
  });
}

/** Sends zeros until `bytes` are gone or the peer has had enough; resolves with what was really taken. */
export async function pour(socket: Socket, bytes: number): Promise<number> {
  const chunk = Buffer.alloc(65_536, 0x20);
  let sent = 0;
  let hasClosed = false;
  socket.on("close", () => (hasClosed = true));
  socket.on("error", () => (hasClosed = true));
  while (sent < bytes && !hasClosed && !socket.destroyed) {
    sent += chunk.byteLength;
    if (!socket.write(chunk)) {
      await new Promise<void>((resolve) => {
        const done = () => {
          socket.off("drain", done);
          socket.off("close", done);
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(() => {
          hasClosed = true;
          done();
        }, 3000);
        socket.on("drain", done);
        socket.on("close", done);
      });
    }
  }
  return Math.min(sent, bytes);
}

/** Megabytes of this process, after a collection where the test run allows one. */
export const residentMb = (): number => process.memoryUsage().rss / 1024 / 1024;
