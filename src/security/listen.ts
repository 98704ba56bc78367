// Opens the listeners of endpoints.ts and hands accepted sockets to their protocol; owns certificates, handshakes and idle sockets.
import { chmod, rm } from "node:fs/promises";
import { createServer as createPlainServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket, type Server as TlsServer, type TlsOptions } from "node:tls";
import { constants } from "node:crypto";
import { denied, unavailable } from "#resources";
import type { Clock, Platform } from "#platform";
import type { KeyPairSource } from "./certificates/key-pair-source.ts";
import { endsOfCertificates } from "./certificate-ends.ts";
import { endpointNamed, type Endpoint, type EndpointName } from "./endpoints.ts";
import { parseCertificates } from "./certificates/pem.ts";
import { peerCertificate, tlsFacts, verifiedPeerCertificate, type TlsFacts } from "./peer.ts";
import type { RefusalCode } from "./refusals.ts";
import { tlsCiphers, tlsVersion } from "./tls.ts";

export type { Socket };
export type { TLSSocket } from "node:tls";

export interface TlsSettings {
  readonly source: KeyPairSource;
  /** `TLSv1_2`, `TLSv1_3` or empty. */
  readonly minVersion?: string;
  readonly maxVersion?: string;
  /** IANA names. */
  readonly cipherSuites?: readonly string[];
  /** PEM of the authorities whose client certificates are accepted; asked again whenever the pair or they change. */
  readonly clientCa?: () => readonly string[];
  /** Tells when `clientCa` answers otherwise than before; connections it no longer covers are ended. */
  readonly onClientCaChange?: (listener: () => void) => () => void;
  /** `optional`: a certificate that is shown must verify. */
  readonly requireClientCert?: "no" | "optional" | "required";
}

export type ListenSettings =
  | { readonly host: string; readonly port: number; readonly tls?: TlsSettings }
  | { readonly path: string };

/** What takes the sockets; only the protocols given here are offered. */
export interface Accept {
  readonly http1?: (socket: Socket | TLSSocket) => void;
  readonly http2?: (socket: Socket | TLSSocket) => void;
}

export interface Connection {
  /** Undefined in the clear. */
  readonly tls: TlsFacts | undefined;
  /** It has shown a certificate that was accepted. */
  readonly hasClientCertificate: boolean;
}

export interface OpenEndpoint {
  readonly port: number;
  readonly address: string;
  /** What is connected now, each as it is protected. */
  connections(): readonly Connection[];
  /** Stops listening and destroys what is still connected; protocols say goodbye before they call it. */
  close(): Promise<void>;
}

const handshakeTimeoutMs = 10_000;
const silenceLimitMs = 30_000;

export async function openEndpoint(name: EndpointName, settings: ListenSettings, accept: Accept, platform: Platform): Promise<OpenEndpoint> {
  const endpoint = endpointNamed(name);
  if (!endpoint) throw unlisted(`endpoint "${String(name)}" is not in the table of endpoints and cannot be opened`);
  const tls = "tls" in settings ? settings.tls : undefined;
  requireTransport(name, endpoint, settings, tls, accept);
  const log = platform.log.child(name);
  const sockets = new Set<Socket>();

  const take = (socket: Socket) => {
    sockets.add(socket);
    // A peer that vanishes must never end the process, whatever protocol forgot to listen.
    socket.on("error", (error) => log.debug("connection failed", { remote: socket.remoteAddress, error }));
    const cancel = platform.clock.after(silenceLimitMs, () => {
      if (socket.bytesRead === 0) socket.destroy();
    });
    socket.once("close", () => {
      cancel();
      sockets.delete(socket);
    });
  };
  const secured = new Set<TLSSocket>();
  const server = tls ? tlsServer(tls, accept, secured, platform.clock, log) : plainServer(accept);
  // For TLS this is the raw connection too, before its handshake.
  server.on("connection", take);
  server.on("error", (error) => log.warn("listener failed", { error }));
  await listening(server, name, settings);
  const stopFollowing = tls && "setSecureContext" in server ? followSource(server, tls, secured, log) : () => {};
  if ("path" in settings) await chmod(settings.path, 0o600);

  const bound = server.address();
  const { port, address } = bound !== null && typeof bound === "object" ? bound : { port: 0, address: bound ?? "" };
  return {
    port,
    address,
    connections: () => (tls ? [...secured] : [...sockets]).map((socket) => ({ tls: tlsFacts(socket), hasClientCertificate: socket instanceof TLSSocket && verifiedPeerCertificate(socket) !== undefined })),
    close: () =>
      new Promise((resolve) => {
        stopFollowing();
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const unlisted = (message: string) => denied(message, "endpoint-not-listed" satisfies RefusalCode);

function requireTransport(name: string, endpoint: Endpoint, settings: ListenSettings, tls: TlsSettings | undefined, accept: Accept): void {
  if (endpoint.transport === "unix" && !("path" in settings)) throw unlisted(`endpoint "${name}" listens on a socket file only`);
  if (endpoint.transport !== "unix" && "path" in settings) throw unlisted(`endpoint "${name}" does not listen on a socket file`);
  if (endpoint.transport === "tls" && !tls) throw unlisted(`endpoint "${name}" is never opened without TLS`);
  if ((endpoint.transport === "plain" || endpoint.transport === "unix") && tls) throw unlisted(`endpoint "${name}" has no certificate in the table of endpoints`);
  if (!accept.http1 && !accept.http2) throw unlisted(`endpoint "${name}" was given nothing that takes its connections`);
  if (accept.http1 && !endpoint.protocols.includes("http/1.1")) throw unlisted(`endpoint "${name}" does not speak http/1.1`);
  if (accept.http2 && !endpoint.protocols.includes("h2")) throw unlisted(`endpoint "${name}" does not speak h2`);
  if (endpoint.certificate === "inter-cp-ca" && tls?.requireClientCert !== "required") throw unlisted(`endpoint "${name}" requires client certificates`);
  if (tls?.requireClientCert === "required" && !tls.clientCa) throw unlisted(`endpoint "${name}" requires client certificates but has no authority to verify them`);
}

// Plain ports carry one protocol; h2 without TLS is recognised by its preface where both are offered.
function plainServer(accept: Accept): Server {
  return createPlainServer((socket) => {
    const { http1, http2 } = accept;
    if (http1 && http2) {
      socket.once("readable", () => {
        const first: unknown = socket.read();
        if (!Buffer.isBuffer(first)) return socket.destroy();
        socket.unshift(first);
        const isPreface = first.subarray(0, 14).toString("latin1") === "PRI * HTTP/2.0";
        return isPreface ? http2(socket) : http1(socket);
      });
      return;
    }
    (http1 ?? http2)?.(socket);
  });
}

function tlsServer(tls: TlsSettings, accept: Accept, secured: Set<TLSSocket>, clock: Clock, log: Platform["log"]): TlsServer {
  const clientCert = tls.requireClientCert ?? "no";
  const server = createTlsServer({
    ...contextOf(tls),
    ALPNProtocols: [...(accept.http2 ? ["h2"] : []), ...(accept.http1 ? ["http/1.1"] : [])],
    handshakeTimeout: handshakeTimeoutMs,
    requestCert: clientCert !== "no",
    rejectUnauthorized: clientCert === "required",
  });
  const ends = clientCert === "no" ? undefined : endsOfCertificates(clock, log);
  server.on("close", () => ends?.close());
  server.on("secureConnection", (socket) => {
    socket.on("error", (error) => log.debug("connection failed", { remote: socket.remoteAddress, error }));
    if (clientCert === "optional" && !socket.authorized && peerCertificate(socket)) {
      log.debug("client certificate refused", { refusal: "client-certificate-refused" satisfies RefusalCode, remote: socket.remoteAddress, reason: String(socket.authorizationError) });
      return void socket.destroy();
    }
    secured.add(socket);
    ends?.watch(socket);
    socket.once("close", () => {
      ends?.forget(socket);
      secured.delete(socket);
    });
    const take = socket.alpnProtocol === "h2" ? accept.http2 : accept.http1;
    return take ? take(socket) : void socket.destroy();
  });
  server.on("tlsClientError", (error, socket) => {
    log.debug("TLS handshake failed", { refusal: "tls-handshake-failed" satisfies RefusalCode, remote: socket.remoteAddress, error });
    socket.destroy();
  });
  return server;
}

/** What `setSecureContext` may change later: pair, versions, ciphers, client authorities. */
function contextOf(tls: TlsSettings) {
  const pair = tls.source.current();
  const minVersion = tlsVersion(tls.minVersion ?? "") ?? "TLSv1.2";
  const maxVersion = tlsVersion(tls.maxVersion ?? "");
  const ciphers = tlsCiphers(tls.cipherSuites ?? []);
  const usesClientCert = (tls.requireClientCert ?? "no") !== "no";
  return {
    cert: pair.certPem, key: pair.keyPem, minVersion, ciphers, honorCipherOrder: true,
    ...(maxVersion ? { maxVersion } : {}),
    ...(tls.clientCa ? { ca: [...tls.clientCa()] } : {}),
    // A resumed session would carry a client certificate past a change of its authority.
    ...(usesClientCert ? { secureOptions: constants.SSL_OP_NO_TICKET } : {}),
  } satisfies TlsOptions;
}

function followSource(server: TlsServer, tls: TlsSettings, secured: ReadonlySet<TLSSocket>, log: Platform["log"]): () => void {
  const renew = () => {
    try {
      server.setSecureContext(contextOf(tls));
    } catch (error) {
      log.error("the new certificate could not be put into service, the old one stays", { refusal: "certificate-not-usable" satisfies RefusalCode, error });
    }
  };
  const stops = [
    tls.source.onChange(renew),
    tls.onClientCaChange?.(() => {
      renew();
      endUncovered(tls.clientCa?.() ?? [], secured, log);
    }),
  ];
  return () => {
    for (const stop of stops) stop?.();
  };
}

/** A client certificate whose authority was taken away opens nothing any more, on live connections too. */
function endUncovered(authorities: readonly string[], secured: ReadonlySet<TLSSocket>, log: Platform["log"]): void {
  const signers = authorities.flatMap((it) => parseCertificates(it, "the client CA"));
  for (const socket of secured) {
    const shown = peerCertificate(socket);
    if (!shown || signers.some((it) => shown.fingerprint256 === it.fingerprint256 || (shown.checkIssued(it) && shown.verify(it.publicKey)))) continue;
    log.info("ending a connection whose client certificate is not covered any more", { refusal: "session-ended" satisfies RefusalCode, remote: socket.remoteAddress, subject: shown.subject });
    socket.destroy();
  }
}

async function listening(server: Server, name: string, settings: ListenSettings): Promise<void> {
  const where = "path" in settings ? settings.path : `${settings.host}:${settings.port}`;
  // A socket file left by a process that died would refuse every successor.
  if ("path" in settings) await rm(settings.path, { force: true });
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error) => reject(unavailable(`could not listen on ${where} for ${name}: ${error.message}`, { cause: error }));
    server.once("error", failed);
    server.listen("path" in settings ? { path: settings.path } : { host: settings.host, port: settings.port }, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

