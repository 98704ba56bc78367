// What a MeshPassthrough must satisfy beyond its schema (spec/api.md 1.11).
import { eachItem, isSubdomain, validateTargetRef, violation, type Violation } from "#resources";
import type { MeshPassthroughSpec, PassthroughMatch } from "./kind.ts";

const isHttp = (protocol: PassthroughMatch["protocol"]): boolean => protocol === "http" || protocol === "http2" || protocol === "grpc";

export function validateMeshPassthrough(spec: MeshPassthroughSpec): Violation[] {
  const matches = spec.default.appendMatch ?? [];
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: ["Mesh", "MeshSubset", "Dataplane"] }),
    ...eachItem("spec.default.appendMatch", matches, (path, match, index) => [
      ...validateMatch(path, match),
      ...validateAgainst(path, match, matches.slice(0, index)),
    ]),
  ];
}

function validateMatch(path: string, match: PassthroughMatch): Violation[] {
  const { type, value, port, protocol } = match;
  const found: Violation[] = [];
  if (port !== undefined && (port < 1 || port > 65_535)) found.push(violation(`${path}.port`, "port must be a valid (1-65535)"));
  if (protocol === "mysql" && port === undefined) found.push(violation(`${path}.port`, "port must be defined for Mysql protocol"));
  if (type === "CIDR" && !isCidr(value)) found.push(violation(`${path}.value`, "provided CIDR has incorrect value"));
  if (type === "IP" && !isAddress(value)) found.push(violation(`${path}.value`, "provided IP has incorrect value"));
  return type === "Domain" ? [...found, ...validateDomain(path, match)] : found;
}

function validateDomain(path: string, { value, port, protocol }: PassthroughMatch): Violation[] {
  if (protocol === "tcp" || protocol === "mysql") return [violation(`${path}.protocol`, `protocol ${protocol} is not supported for a domain`)];
  const isWildcard = value.startsWith("*");
  if (isWildcard && value !== "*" && !value.startsWith("*.")) {
    return [violation(`${path}.value`, "provided DNS has incorrect value, partial wildcard is currently not supported")];
  }
  if (value !== "*" && !isSubdomain((isWildcard ? value.slice(2) : value).toLowerCase())) return [violation(`${path}.value`, "provided DNS has incorrect value")];
  return isWildcard && port === undefined && isHttp(protocol) ? [violation(`${path}.port`, "wildcard domains doesn't work for all ports and layer 7 protocol")] : [];
}

function validateAgainst(path: string, match: PassthroughMatch, earlier: readonly PassthroughMatch[]): Violation[] {
  const samePort = earlier.filter((it) => it.port === match.port);
  const isRepeated = samePort.some((it) => it.protocol === match.protocol && it.value === match.value);
  // Only the later of two is looked at: tcp after http passes.
  const isMixed = isHttp(match.protocol) && match.port !== undefined && samePort.some((it) => it.protocol !== match.protocol);
  return [
    ...(isRepeated ? [violation(`${path}.value`, `value ${match.value} is already defiend for this port and protocol`)] : []),
    ...(isMixed ? [violation(`${path}.port`, "using the same port in multiple matches requires the same protocol for the following protocols: [grpc http http2]")] : []),
  ];
}

const isIpv4 = (text: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split(".").every((part) => Number(part) <= 255);
const isIpv6 = (text: string): boolean => text.includes(":") && URL.canParse(`http://[${text}]/`);
const isAddress = (text: string): boolean => isIpv4(text) || isIpv6(text);

function isCidr(text: string): boolean {
  const [address = "", prefix = "", ...rest] = text.split("/");
  return rest.length === 0 && /^\d{1,3}$/.test(prefix) && isAddress(address) && Number(prefix) <= (isIpv4(address) ? 32 : 128);
}
