// Rules that fields of several kinds share: ports, addresses, tags.
import { violation, type Violation } from "../failure.ts";
import { tag } from "../resource.ts";

export const portRange = "port must be in the range [1, 65535]";
export const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;
export const validatePort = (field: string, port: number): readonly Violation[] => (isPort(port) ? [] : [violation(field, portRange)]);

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
export const isIpv4 = (text: string): boolean => ipv4.test(text);

export function isIpv6(text: string): boolean {
  const [address = "", ...zone] = text.split("%");
  if (zone.length > 0 || !/^[0-9a-fA-F:.]+$/.test(address) || !address.includes(":")) return false;
  return URL.canParse(`http://[${address}]/`);
}

export const isIp = (text: string): boolean => isIpv4(text) || isIpv6(text);

/** A DNS name as Kuma's validators take it: any case, underscores tolerated. */
export function isDnsName(text: string): boolean {
  if (text === "" || text.replaceAll(".", "").length > 255 || isIp(text)) return false;
  return /^([a-zA-Z0-9_][a-zA-Z0-9_-]{0,62})(\.[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62})*[._]?$/.test(text);
}

export const isHost = (text: string): boolean => isIp(text) || isDnsName(text);

export function validateAddress(field: string, address: string): readonly Violation[] {
  if (address === "") return [violation(field, "address can't be empty")];
  if (address === "0.0.0.0" || address === "::") return [violation(field, "must not be 0.0.0.0 or ::")];
  return isHost(address) ? [] : [violation(field, "address has to be valid IP address or domain name")];
}

export type Tags = Readonly<Record<string, string>>;

const tagName = /^[a-zA-Z0-9.\-_:/]*$/;
const tagValue = /^[a-zA-Z0-9.\-_:]*$/;
const selectorValue = /^[a-zA-Z0-9.\-_:/]*$/;
const nameText = "tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores";

function eachTag(field: string, tags: Tags, valueProblem: (value: string) => string | undefined, reserved: readonly string[] = []): readonly Violation[] {
  if (isPlain(tags, valueProblem, reserved)) return [];
  const sorted = Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([key, value]) => {
    const at = `${field}["${key}"]`;
    const problem = value === "" ? "tag value must be non-empty" : valueProblem(value);
    return [
      ...(reserved.includes(key) ? [violation(at, `tag name must not be "${key}"`)] : []),
      ...(key === "" ? [violation(field, "tag name must be non-empty")] : tagName.test(key) ? [] : [violation(at, nameText)]),
      ...(problem ? [violation(at, problem)] : []),
    ];
  });
}

/** Nothing to say of any of them: so it is with nearly all, and a proxy has dozens. */
function isPlain(tags: Tags, valueProblem: (value: string) => string | undefined, reserved: readonly string[]): boolean {
  for (const key in tags) {
    const value = tags[key];
    if (!value || key === "" || !tagName.test(key) || valueProblem(value) !== undefined || reserved.includes(key)) return false;
  }
  return true;
}

const proxyTagProblem = (value: string): string | undefined => (tagValue.test(value) ? undefined : "tag value must consist of alphanumeric characters, dots, dashes and underscores");

/** Names and values of the tags of a proxy. */
export const validateTags = (field: string, tags: Tags): readonly Violation[] => eachTag(field, tags, proxyTagProblem);

/** Tags that select others: a value may be a lone `*`. */
export function validateSelector(field: string, tags: Tags): readonly Violation[] {
  const none = Object.keys(tags).length === 0 ? [violation(field, "must have at least one tag")] : [];
  return [...none, ...eachTag(field, tags, selectorProblem)];
}

/** Tags that a gateway adds to those of its proxies; routes and policies select by them. */
export function validateGatewayTags(field: string, tags: Tags): readonly Violation[] {
  return eachTag(field, tags, selectorProblem, [tag.service, tag.zone, tag.protocol]);
}

const selectorText = 'tag value must consist of alphanumeric characters, dots, dashes, slashes and underscores or be "*"';
const selectorProblem = (value: string): string | undefined => (value === "*" || selectorValue.test(value) ? undefined : selectorText);

export const missingService = (field: string): Violation => violation(field, `mandatory tag "${tag.service}" is missing`);
export const hasService = (tags: Tags): boolean => Object.hasOwn(tags, tag.service);

export const isLoopback = (address: string): boolean => /^127(\.\d{1,3}){3}$/.test(address) || address === "::1";
