// Which requests leave an audit line: those refused, those that changed something, those that showed what only administrators may see.
import type { FastifyInstance, FastifyRequest } from "fastify";
import { failureOf } from "#resources";
import type { AuditedRequest } from "./options.ts";

const readingMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** `refusedWith` tells with which error a request was answered. */
export function auditRequests(app: FastifyInstance, refusedWith: WeakMap<FastifyRequest, unknown>, tell: (request: AuditedRequest) => void): void {
  const issued = new WeakMap<FastifyRequest, string>();
  app.addHook("onSend", async (request, reply, payload) => {
    if (reply.statusCode < 300 && request.routeOptions.url?.startsWith("/tokens/")) {
      const jti = jtiOf(String(payload));
      if (jti) issued.set(request, jti);
    }
    return payload;
  });
  app.addHook("onResponse", async (request, reply) => {
    const error = refusedWith.get(request);
    const base = { raw: request.raw, action: `${request.method} ${request.url.split("?")[0]}`, user: request.user };
    const failure = failureOf(error)?.is;
    if (failure === "denied" || failure === "unauthenticated") return tell({ ...base, outcome: "denied", error });
    const shows = request.routeOptions.config.isAdminOnly === true;
    if (reply.statusCode >= 400 || (readingMethods.has(request.method) && !shows)) return;
    const jti = issued.get(request);
    tell({ ...base, outcome: "allowed", ...(jti === undefined ? {} : { jti }) });
  });
}

/** The id inside a token that we have just signed. */
function jtiOf(token: string): string | undefined {
  try {
    const { jti } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { readonly jti?: unknown };
    return typeof jti === "string" ? jti : undefined;
  } catch {
    return undefined;
  }
}
