// What a MeshPassthrough lets through, in the order of Envoy's filter chains: what is matched by more comes first, and a match for all ports holds on those that others name too.
import type { PassthroughMatch } from "./kind.ts";

export type Family = "ipv4" | "ipv6";

/** `mysql` bytes are chained as `tcp`, but its port must not be looked into: there the server speaks first. */
export interface PortMatch {
  readonly type: "IP" | "CIDR" | "Domain" | "WildcardDomain";
  readonly value: string;
  /** Undefined: all ports that no other match names. */
  readonly port: number | undefined;
  readonly protocol: PassthroughMatch["protocol"];
}

const httpProtocols: ReadonlySet<string> = new Set(["http", "http2", "grpc"]);
export const isHttpMatch = ({ protocol }: PortMatch): boolean => httpProtocols.has(protocol);
export const isDomain = ({ type }: PortMatch): boolean => type === "Domain" || type === "WildcardDomain";

const shownPort = (port: number | undefined): string => (port === undefined ? "*" : String(port));
const shownProtocol = ({ protocol }: PortMatch): string => (protocol === "mysql" ? "tcp" : protocol);

/** Name of the cluster, and of the chain where the match has one of its own. */
export const matchName = (match: PortMatch): string => `meshpassthrough_${shownProtocol(match)}_${match.value}_${shownPort(match.port)}`;
/** Name of the chain that all domains of one protocol and port share: HTTP tells them apart by host. */
export const sharedName = (match: PortMatch): string => `meshpassthrough_${match.protocol}_${shownPort(match.port)}`;

/** Every match, once, sorted. */
export function sortedMatches(matches: readonly PassthroughMatch[]): readonly PortMatch[] {
  const ports = [...new Set(matches.flatMap(({ port }) => (port === undefined ? [] : [port])))];
  const all = matches.flatMap((match) => {
    const its = { value: match.value, protocol: match.protocol, type: typeOf(match) };
    return match.port === undefined ? [undefined, ...ports].map((port) => ({ ...its, port })) : [{ ...its, port: match.port }];
  });
  const unique = [...new Map(all.map((it) => [matchName(it), it])).values()];
  return withoutConflicts(unique, matches).toSorted(compare);
}

/** Envoy takes one chain for HTTP on a port: a protocol that was asked for there goes before one that is for all ports, an earlier one before a later one. */
function withoutConflicts(all: readonly PortMatch[], matches: readonly PassthroughMatch[]): readonly PortMatch[] {
  const holders = new Map<string, string>();
  const asked = matches.filter((it) => it.type === "Domain" && httpProtocols.has(it.protocol));
  for (const { port, protocol } of asked) if (!holders.has(shownPort(port))) holders.set(shownPort(port), protocol);
  return all.filter((it) => !isDomain(it) || !isHttpMatch(it) || (holders.get(shownPort(it.port)) ?? holders.get("*")) === it.protocol);
}

const typeOf = ({ type, value }: PassthroughMatch): PortMatch["type"] => (type === "Domain" && value.startsWith("*") ? "WildcardDomain" : type);

export const isOfFamily = (match: PortMatch, family: Family): boolean => isDomain(match) || match.value.includes(":") === (family === "ipv6");

const protocolRank = { tls: 0, mysql: 0, tcp: 1, http: 2, http2: 3, grpc: 4 } as const;
const typeRank = { IP: 0, CIDR: 1, Domain: 2, WildcardDomain: 3 } as const;

function compare(a: PortMatch, b: PortMatch): number {
  return (
    protocolRank[a.protocol] - protocolRank[b.protocol] ||
    // Domains of HTTP are told apart inside their chain.
    (isHttpMatch(a) && isDomain(a) && isDomain(b) ? 0 : typeRank[a.type] - typeRank[b.type]) ||
    (b.port ?? 0) - (a.port ?? 0) ||
    typeRank[a.type] - typeRank[b.type] ||
    specificity(b) - specificity(a) ||
    (isDomain(a) ? 1 : -1) * (a.value < b.value ? -1 : a.value > b.value ? 1 : 0)
  );
}

/** Of ranges the narrower one, of domains the one with more labels. */
const specificity = ({ type, value }: PortMatch): number => (type === "CIDR" ? Number(value.split("/")[1]) : type === "IP" ? 0 : value.split(".").length);
