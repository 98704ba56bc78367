// Clients: they verify their server, send credentials only where they stay secret, and say in one sentence what went wrong.
import type { X509Certificate } from "node:crypto";
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { connect as connectSocket, TLSSocket, type ConnectionOptions } from "node:tls";
import { badRequest, denied, unavailable } from "#resources";
import { systemTrust, type TrustEnvironment } from "./trust.ts";
import { explainConnectError, type Trusted } from "./connect-errors.ts";
import { peerCertificate } from "./peer.ts";
import type { RefusalCode } from "./refusals.ts";
import { parseCertificates } from "./certificates/pem.ts";

/** Written out where it is used, so that a client that verifies nobody is seen in review. */
export interface SkipVerify {
  readonly iUnderstandThatTheServerIsNotVerified: true;
}

/** Allows an `authorization` header over http:// to a host that is not this machine. */
export interface PlaintextCredentials {
  readonly iUnderstandThatCredentialsTravelInClear: true;
}

export interface ClientTrust {
  /** Replaces the operating system's trust store; asked for each new connection when it is a function. */
  readonly caPem?: string | (() => string);
  /** Where the operating system's trust store is looked up otherwise. */
  readonly environment?: TrustEnvironment;
  /** How the user gives that CA, e.g. `--ca-cert-file`; errors name it. */
  readonly caOption?: string;
  readonly clientCert?: { readonly certPem: string; readonly keyPem: string };
  readonly skipVerify?: SkipVerify;
}

export interface HttpClientOptions extends ClientTrust {
  /** `http://` or `https://`; its path is put before every request's. */
  readonly url: string;
  /** A socket file instead of host and port. */
  readonly socketPath?: string;
  /** For the whole exchange; 10 s when absent. */
  readonly timeoutMs?: number;
  /** For the connection and its handshake alone; part of `timeoutMs`. */
  readonly connectTimeoutMs?: number;
  readonly userAgent?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly plaintextCredentials?: PlaintextCredentials;
  /** 64 MiB when absent. */
  readonly maxResponseBytes?: number;
}

export interface HttpRequest {
  readonly method?: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** The body carries a token: it is refused where an `authorization` header would be. */
  readonly bodyIsCredential?: boolean;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): void;
}

const defaultTimeoutMs = 10_000;
const defaultMaxResponseBytes = 64 * 1024 * 1024;
const maxRedirects = 3;

/** A client of one server. It follows redirects only to that same scheme, host and port. */
export function httpClient(options: HttpClientOptions): HttpClient {
  const url = parseUrl(options.url);
  const isHttps = url.protocol === "https:";
  const agent = isHttps ? new HttpsAgent({ keepAlive: true, maxSockets: 16 }) : new HttpAgent({ keepAlive: true, maxSockets: 16 });
  const trust = lazyTrust(options);
  const staysPrivate = isHttps || options.socketPath !== undefined || isLoopback(url.hostname) || options.plaintextCredentials !== undefined;

  const send = async (request: HttpRequest, path: string, signal: AbortSignal): Promise<HttpResponse> => {
    const headers = { ...lowerCase(options.headers), ...lowerCase(request.headers) };
    const hasCredential = "authorization" in headers || "proxy-authorization" in headers || "cookie" in headers || request.bodyIsCredential === true;
    if (hasCredential && !staysPrivate) {
      throw denied(`refused to send a credential over http:// to ${url.host}, where anybody on the way can read it; use https://`, "credential-in-clear" satisfies RefusalCode);
    }
    return exchange({
      isHttps, url, signal, trusted: trustedBy(options), body: request.body, connectTimeoutMs: options.connectTimeoutMs, maxBytes: options.maxResponseBytes ?? defaultMaxResponseBytes,
      options: {
        agent, method: request.method ?? "GET", path, signal,
        headers: { ...(options.userAgent ? { "user-agent": options.userAgent } : {}), ...headers, ...bodyLength(request.body) },
        ...(options.socketPath === undefined ? { host: bare(url.hostname), port: url.port || (isHttps ? 443 : 80) } : { socketPath: options.socketPath }),
        ...(isHttps ? await trust(bare(url.hostname)) : {}),
      },
    });
  };

  return {
    async request(request) {
      const timeout = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs);
      const signal = request.signal ? AbortSignal.any([timeout, request.signal]) : timeout;
      let path = joinPath(url, request.path);
      for (let hops = 0; ; hops++) {
        const response = await send(request, path, signal).catch((error: unknown) => {
          throw timeout.aborted ? unavailable(`${url.host} did not answer within ${options.timeoutMs ?? defaultTimeoutMs} ms`, { cause: error }) : error;
        });
        const location = response.headers.location;
        if (![301, 302, 307, 308].includes(response.status) || location === undefined) return response;
        const target = new URL(location, new URL(path, url));
        if (target.origin !== url.origin) throw denied(`${url.origin} redirects to ${target.origin}, which is not followed: credentials belong to the first only`, "redirect-elsewhere" satisfies RefusalCode);
        const isRepeatable = response.status >= 307 || ["GET", "HEAD"].includes(request.method ?? "GET");
        if (!isRepeatable || hops >= maxRedirects) return response;
        path = `${target.pathname}${target.search}`;
      }
    },
    close: () => agent.destroy(),
  };
}

export interface TlsConnectOptions extends ClientTrust {
  readonly host: string;
  readonly port: number;
  readonly alpn: readonly string[];
  /** 10 s when absent. */
  readonly timeoutMs?: number;
}

/** A verified TLS connection, ready for its protocol. */
export async function connectTls(options: TlsConnectOptions): Promise<TLSSocket> {
  const trust = await lazyTrust(options)(options.host);
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ ...trust, host: options.host, port: options.port, ALPNProtocols: [...options.alpn], timeout: options.timeoutMs ?? defaultTimeoutMs });
    let offered: X509Certificate | undefined;
    socket.prependListener("secure", () => (offered = peerCertificate(socket)));
    const failed = (error: Error) => reject(explainConnectError(error, `${options.host}:${options.port}`, offered, trustedBy(options)));
    socket.once("timeout", () => socket.destroy(new Error("timed out")));
    socket.once("error", failed);
    socket.once("secureConnect", () => {
      socket.setTimeout(0);
      socket.off("error", failed);
      socket.on("error", () => {}); // the protocol hears it as "close"
      resolve(socket);
    });
  });
}

/** True for `localhost` and every loopback address. */
export function isLoopback(host: string): boolean {
  const name = bare(host).toLowerCase().replace(/\.$/, "");
  if (name === "localhost" || name === "::1") return true;
  return isIP(name) === 4 ? name.startsWith("127.") : /^::ffff:(127\.|7f)/.test(name);
}

const trustedBy = ({ caPem, caOption }: ClientTrust): Trusted => ({ caPem: typeof caPem === "function" ? caPem() : caPem, caOption });

function lazyTrust(options: ClientTrust): (host: string) => Promise<ConnectionOptions> {
  let system: Promise<readonly string[]> | undefined;
  return async (host) => {
    const given = typeof options.caPem === "function" ? options.caPem() : options.caPem;
    if (given !== undefined) parseCertificates(given, "the CA");
    const ca = given === undefined && !options.skipVerify ? await (system ??= systemTrust(options.environment ?? {})) : given === undefined ? [] : [given];
    return {
      minVersion: "TLSv1.2",
      ca: [...ca],
      rejectUnauthorized: options.skipVerify?.iUnderstandThatTheServerIsNotVerified !== true,
      ...(isIP(host) === 0 ? { servername: host } : { servername: "" }),
      ...(options.clientCert ? { cert: options.clientCert.certPem, key: options.clientCert.keyPem } : {}),
    };
  };
}

interface Exchange {
  readonly isHttps: boolean;
  readonly url: URL;
  readonly options: RequestOptions;
  readonly body: string | Uint8Array | undefined;
  readonly connectTimeoutMs: number | undefined;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly trusted: Trusted;
}

function exchange(call: Exchange): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    let offered: X509Certificate | undefined;
    const failed = (error: Error) => reject(explainConnectError(error, call.url.host, offered, call.trusted));
    const request = (call.isHttps ? httpsRequest : httpRequest)(call.options, (response) => {
      collect(response, call.maxBytes, call.url.host).then(resolve, reject);
    });
    request.on("socket", (socket) => {
      // After a failed verification the certificate is gone; here it is still to be had, for the message.
      if (call.isHttps && socket instanceof TLSSocket) socket.prependListener("secure", () => (offered = peerCertificate(socket)));
      const { connectTimeoutMs } = call;
      if (connectTimeoutMs === undefined || !socket.connecting) return;
      const timedOut = () => socket.destroy(new Error(`no connection within ${connectTimeoutMs} ms`));
      socket.setTimeout(connectTimeoutMs, timedOut);
      socket.once(call.isHttps ? "secureConnect" : "connect", () => {
        socket.off("timeout", timedOut);
        socket.setTimeout(0);
      });
    });
    request.on("error", failed);
    request.end(call.body);
  });
}

async function collect(response: IncomingMessage, maxBytes: number, host: string): Promise<HttpResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      response.destroy();
      throw unavailable(`the answer of ${host} is larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw badRequest(`"${text}" is not a URL`);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw badRequest(`unsupported URL scheme "${url.protocol.slice(0, -1)}", must be http or https`);
  return url;
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, "");
const joinPath = (url: URL, path: string): string => url.pathname.replace(/\/$/, "") + (path.startsWith("/") ? path : `/${path}`);
const lowerCase = (headers: Readonly<Record<string, string>> = {}) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
const bodyLength = (body: string | Uint8Array | undefined) => (body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) });
