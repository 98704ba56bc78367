// Conditional requests (RFC 9110, 13): a resource's stored version as its entity tag. Kuma knows none of this; who sends no condition notices nothing.
import type { FastifyRequest } from "fastify";
import type { Resource } from "#resources";
import { ApiError } from "./errors.ts";

/** Versions count from one for each life of a resource: the time of its creation tells the lives apart. */
export const tagOf = ({ version, creationTime }: Pick<Resource, "version" | "creationTime">): string => `"${version}-${creationTime.toString(36)}"`;

/** True when the caller has this very version already. */
export const isKnownToCaller = (request: FastifyRequest, resource: Resource): boolean => namesTag(request.headers["if-none-match"], resource, "weakly");

/** What must hold for a write; throws 412 when it does not. Undefined when the caller asks for nothing. */
export function preconditionOf(request: FastifyRequest, attempt: string): ((current: Resource | undefined) => void) | undefined {
  const ifMatch = request.headers["if-match"];
  const ifNoneMatch = request.headers["if-none-match"];
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  return (current) => {
    if (ifMatch !== undefined && !namesTag(ifMatch, current, "strongly")) {
      throw refused(attempt, current ? `the resource has changed: its version is ${tagOf(current)}, the request asks for ${ifMatch}; read it again and repeat the change` : "the resource does not exist, the request asks for a version of it");
    }
    if (ifNoneMatch !== undefined && namesTag(ifNoneMatch, current, "weakly")) throw refused(attempt, `the resource exists${ifNoneMatch.trim() === "*" ? "" : ` in version ${ifNoneMatch}`}, the request asks that it does not`);
  };
}

const refused = (attempt: string, detail: string) => new ApiError({ status: 412, title: attempt, detail });

function namesTag(header: string | undefined, resource: Resource | undefined, how: "weakly" | "strongly"): boolean {
  if (header === undefined || !resource) return false;
  if (header.trim() === "*") return true;
  const tag = tagOf(resource);
  return header.split(",").map((it) => it.trim()).some((it) => it === tag || (how === "weakly" && it === `W/${tag}`));
}
