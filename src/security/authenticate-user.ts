// Who calls the API: the machine's own administrator, the bearer of a token, the holder of a client certificate, or anybody (spec/security.md 4.2).
import type { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { TLSSocket } from "node:tls";
import { unauthenticated } from "#resources";
import { isLoopback } from "./connect.ts";
import type { ConnectionEnds, LocalPeers, PeerOwner } from "./local-peers.ts";
import { verifiedPeerCertificate } from "./peer.ts";
import type { RefusalCode } from "./refusals.ts";
import type { CredentialFacts } from "./sessions/sessions.ts";
import type { TokenValidator } from "./tokens/validate.ts";
import { adminUser, anonymousUser, authenticated, type User } from "./users.ts";

/** What of a request decides who sent it. */
export interface CallFacts {
  readonly connection: ConnectionEnds;
  readonly isTls: boolean;
  /** Every value of every header, by lower-case name. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  /** Only when an authority of the listener has signed it. */
  readonly clientCertificate: X509Certificate | undefined;
}

export interface UserAuthentication {
  /** Which callers on this machine are its administrator; undefined: none. */
  readonly localAdmins: LocalPeers | undefined;
  readonly type: "tokens" | "adminClientCerts";
  readonly validator: TokenValidator;
}

export interface AuthenticatedUser {
  readonly user: User;
  readonly by: "localhost" | "token" | "client-certificate" | "nothing";
  readonly facts: CredentialFacts;
}

export function callFacts(request: IncomingMessage): CallFacts {
  const { socket } = request;
  return {
    connection: socket,
    isTls: socket instanceof TLSSocket,
    headers: request.headersDistinct,
    clientCertificate: socket instanceof TLSSocket ? verifiedPeerCertificate(socket) : undefined,
  };
}

/** Rejects with an unauthenticated KumaError when a credential is given that is not valid; no credential is the anonymous user. */
export async function authenticateUser(call: CallFacts, rules: UserAuthentication): Promise<AuthenticatedUser> {
  const owner = rules.localAdmins && isLocalCall(call) ? await rules.localAdmins(call.connection) : undefined;
  if (owner?.is === "own") return { user: adminUser, by: "localhost", facts: { kind: "none", user: adminUser.name } };
  const anonymous = anonymousFor(owner);
  if (rules.type === "adminClientCerts") {
    if (!call.clientCertificate) return anonymous;
    return { user: adminUser, by: "client-certificate", facts: { kind: "certificate", user: adminUser.name, exp: call.clientCertificate.validToDate.getTime() / 1000 } };
  }
  const values = call.headers["authorization"] ?? [];
  if (values.length > 1) throw unauthenticated("the authorization header is given more than once", "credential-repeated" satisfies RefusalCode);
  if (values[0] === undefined) return anonymous;
  const token = /^Bearer +(.*)$/i.exec(values[0])?.[1];
  if (token === undefined) throw unauthenticated('the authorization header is not "Bearer <token>", and this control plane knows no other scheme', "user-unauthenticated" satisfies RefusalCode);
  const claims = await rules.validator.user(token.trim());
  const user = authenticated({ name: claims.name, groups: claims.groups });
  return {
    user, by: "token",
    facts: { kind: "user", mesh: "", user: user.name, kid: claims.kid, keyHash: claims.keyHash, jti: claims.jti, ...(claims.exp === undefined ? {} : { exp: claims.exp }) },
  };
}

function anonymousFor(owner: PeerOwner | undefined): AuthenticatedUser {
  const user = owner === undefined || owner.is === "own" ? anonymousUser : { ...anonymousUser, because: whyNotAdmin(owner) };
  return { user, by: "nothing", facts: { kind: "none", user: anonymousUser.name } };
}

function whyNotAdmin(owner: Exclude<PeerOwner, { is: "own" }>): string {
  const whose = owner.is === "other" ? `is user ${owner.uid}'s` : "has no known user";
  return `this connection from the same machine ${whose}, and only the control plane's own user and root are the administrator without a token`;
}

/** Headers that proxies and delivery networks add: RFC 7239, RFC 9110 7.6.3, RFC 8586, and what the wide-spread ones write of their own. */
const proxyHeader = new RegExp(`^(${[
  "forwarded", "via", "cdn-loop", "x-forwarded(-.*)?", "x-original-forwarded-for", "x-original-host", "x-real-ip", "x-remote-(addr|ip)", "x-originating-ip", "x-cluster-client-ip",
  "(x-|true-|fastly-|fly-|proxy-|wl-proxy-|x-proxy-)?client-ip", "(cf|do)-connecting-ip", "cf-(ray|visitor|ipcountry|worker)", "x-nf-client-connection-ip", "x-proxyuser-ip", "x-appengine-user-ip",
  "x-azure-(clientip|socketip|fdid|ref)", "x-arr-(log-id|ssl|clientcert)", "x-amz-cf-id", "x-amzn-trace-id", "cloudfront-.*", "akamai-.*", "x-akamai-.*", "x-envoy-.*", "x-varnish", "x-traefik-.*", "x-haproxy-.*",
].join("|")})$`);

/** A direct call from this machine that neither a proxy nor a foreign web page has caused. Every copy of a header counts. */
export function isLocalCall(call: CallFacts): boolean {
  const { remoteAddress } = call.connection;
  if (remoteAddress === undefined || !isLoopback(remoteAddress)) return false;
  if (Object.keys(call.headers).some((name) => proxyHeader.test(name))) return false;
  const [host, ...moreHosts] = call.headers["host"] ?? [];
  if (host === undefined || moreHosts.length > 0) return false;
  const target = hostAndPort(host, call.isTls);
  if (!target || !isLoopback(target.name)) return false;
  if ((call.headers["sec-fetch-site"] ?? []).some((it) => it !== "same-origin" && it !== "none")) return false;
  return (call.headers["origin"] ?? []).every((it) => isOwnOrigin(it, target, call.isTls));
}

interface HostAndPort {
  readonly name: string;
  readonly port: number;
}

function hostAndPort(host: string, isTls: boolean): HostAndPort | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]/?#@\s]+)(?::(\d{1,5}))?$/i.exec(host);
  if (!match) return undefined;
  const port = match[2] === undefined ? (isTls ? 443 : 80) : Number(match[2]);
  if (port < 1 || port > 65_535) return undefined;
  const name = (match[1] ?? "").toLowerCase().replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return name === "localhost" || isIP(name) !== 0 ? { name, port } : undefined;
}

function isOwnOrigin(origin: string, target: HostAndPort, isTls: boolean): boolean {
  const [scheme, rest, ...more] = origin.split("://");
  if (more.length > 0 || rest === undefined || scheme !== (isTls ? "https" : "http")) return false;
  const own = hostAndPort(rest, isTls);
  return own !== undefined && own.name === target.name && own.port === target.port;
}
