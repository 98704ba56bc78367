// Match: which clients of an inbound a rule applies to, by SPIFFE id and by SNI.
import { z } from "zod";
import { violation, type Violation } from "./failure.ts";

export const spiffeMatch = z.object({ type: z.enum(["Exact", "Prefix"]), value: z.string() });
export const sniMatch = z.object({ type: z.enum(["Exact"]), value: z.string() });
/** Both present means both must hold. */
export const policyMatch = z.object({ spiffeID: spiffeMatch.optional(), sni: sniMatch.optional() });
export type PolicyMatch = z.infer<typeof policyMatch>;

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character " +
  "(e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** Each match needs a SPIFFE id or an SNI. */
export function validateMatches(path: string, matches: readonly PolicyMatch[] = []): Violation[] {
  return matches.flatMap((match, index) => {
    const field = `${path}[${index}]`;
    if (!match.spiffeID && !match.sni) return [violation(field, "must specify at least one of 'spiffeID' or 'sni'")];
    return validateMatch(field, match);
  });
}

/** For the kinds that tolerate an empty match. */
export function validateMatchesIfSet(path: string, matches: readonly PolicyMatch[] = []): Violation[] {
  return matches.flatMap((match, index) => validateMatch(`${path}[${index}]`, match));
}

function validateMatch(path: string, match: PolicyMatch): Violation[] {
  const problem = match.spiffeID && spiffeProblem(match.spiffeID.value);
  const found = problem ? [violation(`${path}.spiffeID`, `must be a valid Spiffe ID: ${problem}`)] : [];
  if (match.sni && !match.sni.value) found.push(violation(`${path}.sni.value`, "must be set"));
  else if (match.sni && match.sni.value.length > 253) found.push(violation(`${path}.sni.value`, "must be no more than 253 characters"));
  else if (match.sni && !subdomain.test(match.sni.value)) found.push(violation(`${path}.sni.value`, subdomainText));
  return found;
}

/** What is wrong with a SPIFFE id, in the words of the SPIFFE library; undefined when it is fine. */
export function spiffeProblem(id: string): string | undefined {
  if (!id) return "cannot be empty";
  if (!id.startsWith("spiffe://")) return "scheme is missing or invalid";
  const rest = id.slice("spiffe://".length);
  const slash = rest.indexOf("/");
  const trustDomain = slash < 0 ? rest : rest.slice(0, slash);
  if (!trustDomain) return "trust domain is missing";
  if (!/^[a-z0-9._-]+$/.test(trustDomain)) return "trust domain characters are limited to lowercase letters, numbers, dots, dashes, and underscores";
  return slash < 0 ? undefined : spiffePathProblem(rest.slice(slash + 1).split("/"));
}

function spiffePathProblem(segments: readonly string[]): string | undefined {
  for (const [index, segment] of segments.entries()) {
    if (!segment) return index === segments.length - 1 ? "path cannot have a trailing slash" : "path cannot contain empty segments";
    if (segment === "." || segment === "..") return "path cannot contain dot segments";
    if (!/^[a-zA-Z0-9._-]+$/.test(segment)) return "path segment characters are limited to letters, numbers, dots, dashes, and underscores";
  }
  return undefined;
}
