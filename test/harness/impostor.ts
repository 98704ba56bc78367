// A man in the middle: a server that poses as another one, and remembers every byte that its victims gave away.
import { createServer as createPlain, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createServer as createTls, type TLSSocket } from "node:tls";
import { makeAdminAuthority, openSystemAuthority, type SystemAuthority } from "#security";

export const impostors = ["the certificate of another CA", "the right CA, another name", "an expired certificate", "plain HTTP", "a redirect to plain HTTP", "a redirect to another origin"] as const;
export type ImpostorKind = (typeof impostors)[number];

export interface Impostor {
  readonly port: number;
  /** TCP connections so far. */
  attempts(): number;
  /** What came through, and what came to those places that it sent its victims to. */
  received(): string;
  close(): Promise<void>;
}

const hour = 3_600_000;
const year = 365 * 24 * hour;
const names = ["localhost", "127.0.0.1"];

/** `right` is the authority that the victim trusts. */
export async function startImpostor(kind: ImpostorKind, right: SystemAuthority, port = 0): Promise<Impostor> {
  const closers: (() => Promise<void>)[] = [];
  let [text, attempts] = ["", 0];
  const note = (bytes: Buffer) => void (text += bytes.toString("latin1"));
  const listen = async (server: Server | ReturnType<typeof createTls>, at = 0): Promise<number> => {
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    });
    // On both addresses of localhost: Envoy may take either.
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(at, resolve));
    closers.push(() => new Promise((resolve) => {
      for (const it of sockets) it.destroy();
      server.close(() => resolve());
    }));
    return (server.address() as AddressInfo).port;
  };
  const life = { now: kind === "an expired certificate" ? Date.now() - year : Date.now(), lifetimeMs: hour };
  const signer = kind === "the certificate of another CA" ? openSystemAuthority(await makeAdminAuthority(Date.now())) : right;
  const tlsServer = async (onSecure: (socket: TLSSocket) => void) => {
    const { certPem, keyPem } = await signer.issueServer(kind === "the right CA, another name" ? ["cp.example.com"] : names, life);
    const server = createTls({ cert: certPem, key: keyPem, ALPNProtocols: ["h2", "http/1.1"] }, (socket) => {
      socket.on("error", () => {});
      onSecure(socket);
    });
    return server.on("tlsClientError", () => {});
  };
  const plainServer = (answer: RequestListener) =>
    createPlain((request: IncomingMessage, response) => {
      note(Buffer.from(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`));
      request.on("data", note);
      answer(request, response);
    });

  let server: Server | ReturnType<typeof createTls>;
  if (kind === "plain HTTP") {
    server = plainServer((_request, response) => void response.end("{}"));
    server.on("connection", (socket: Socket) => void socket.on("data", note));
  } else if (kind === "a redirect to plain HTTP" || kind === "a redirect to another origin") {
    const target = kind === "a redirect to plain HTTP" ? await listen(plainServer((_request, response) => void response.end("{}"))) : await listen(await tlsServer((socket) => void socket.on("data", note)));
    const location = `${kind === "a redirect to plain HTTP" ? "http" : "https"}://localhost:${target}/`;
    server = await tlsServer((socket) => void socket.once("data", () => socket.end(`HTTP/1.1 307 Temporary Redirect\r\nlocation: ${location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)));
  } else {
    server = await tlsServer((socket) => void socket.on("data", note));
  }
  server.on("connection", () => attempts++);
  return {
    port: await listen(server, port),
    attempts: () => attempts,
    received: () => text,
    async close() {
      for (const close of closers) await close();
    },
  };
}
