// The REST API as one fastify application; sockets come from whoever mounts it.
import { fastify, type FastifyInstance, type FastifyRequest, type FastifyServerFactory } from "fastify";
import { reasonOf } from "#platform";
import type { WritingUser } from "#write";
import { auditRequests } from "./audit.ts";
import { aboutRoutes } from "./about-routes.ts";
import { envoyAdminRoutes } from "./envoy-admin-routes.ts";
import { documentOf, sendError } from "./errors.ts";
import { inspectRoutes } from "./inspect-routes.ts";
import { insightRoutes } from "./insight-routes.ts";
import { kriRoute } from "./kri-route.ts";
import { negotiate } from "./negotiation.ts";
import type { ApiOptions } from "./options.ts";
import { openApiRoute } from "./openapi/openapi.ts";
import { overviewRoutes } from "./overview-routes.ts";
import { serviceInsightRoutes } from "./service-insight-routes.ts";
import { decodedSlashes } from "./paths.ts";
import { parseQuery } from "./query.ts";
import { resourceRoutes } from "./resource-routes.ts";
import { tokenRoutes } from "./token-routes.ts";

declare module "fastify" {
  interface FastifyRequest {
    user: WritingUser;
  }
  interface FastifyContextConfig {
    /** Answered without looking at credentials. */
    isPublic?: boolean;
    /** Says itself who may ask, whatever holds for everything else. */
    hasOwnRule?: boolean;
    /** Answers plain text: any Accept will do. */
    producesText?: boolean;
    /** Answers a line of JSON per resource to who asks for that. */
    sendsLines?: boolean;
    /** Shows what only administrators may see: each look leaves an audit line. */
    isAdminOnly?: boolean;
  }
}

export interface ServerSettings {
  /** From security/: makes the server that listens. */
  readonly serverFactory?: FastifyServerFactory;
}

/** The whole API. Longest names and identifiers pass as path parameters; `//` and trailing `/` are dealt with. */
export function createApi(options: ApiOptions, settings: ServerSettings = {}): FastifyInstance {
  const app = fastify({
    bodyLimit: options.bodyLimitBytes ?? 5 * 1024 * 1024,
    exposeHeadRoutes: false,
    rewriteUrl: ({ url = "/" }) => decodedSlashes(url),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2048, querystringParser: parseQuery },
    frameworkErrors: (error, _request, reply) => void sendError(reply, { status: error.statusCode ?? 400, title: "Bad Request", detail: error.message }),
    ...(settings.serverFactory ? { serverFactory: settings.serverFactory } : {}),
  });
  apiRoutes(app, options);
  return app;
}

/** Adds everything the API is to an application. */
export function apiRoutes(app: FastifyInstance, options: ApiOptions): void {
  app.removeAllContentTypeParsers();
  // Bodies are parsed later: what is wrong with them is said after what is wrong with the path.
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  const users = new WeakMap<FastifyRequest, WritingUser>();
  app.decorateRequest("user", {
    getter() {
      return users.get(this) ?? anonymous;
    },
    setter(this: FastifyRequest, user: WritingUser) {
      users.set(this, user);
    },
  });
  negotiate(app);
  cutSlowBodies(app, options);
  app.addHook("onRequest", async (request) => {
    if (request.is404 || request.routeOptions.config.isPublic) return;
    request.user = await options.authenticate(request.raw);
    if (!request.routeOptions.config.hasOwnRule) options.admit?.(request.user);
  });
  if (options.onAnswer) tellOfAnswers(app, options.onAnswer);
  const refusedWith = new WeakMap<FastifyRequest, unknown>();
  if (options.audit) auditRequests(app, refusedWith, options.audit);
  app.setErrorHandler((error, request, reply) => {
    refusedWith.set(request, error);
    const document = documentOf(error);
    if (document) return sendError(reply, document);
    const status = statusOf(error);
    if (status < 500) return sendError(reply, { status, title: status === 413 ? "Request Entity Too Large" : "Bad Request", detail: reasonOf(error) });
    options.log.error("a request failed", { method: request.method, path: request.url, error });
    return sendError(reply, { status: 500, title: "Internal Server Error", detail: "Internal Server Error" });
  });
  openApiRoute(app, options);
  aboutRoutes(app, options);
  overviewRoutes(app, options);
  insightRoutes(app, options);
  kriRoute(app, options);
  tokenRoutes(app, options);
  inspectRoutes(app, options);
  envoyAdminRoutes(app, options);
  serviceInsightRoutes(app, options);
  resourceRoutes(app, options);
}

function tellOfAnswers(app: FastifyInstance, tell: NonNullable<ApiOptions["onAnswer"]>): void {
  const routes = new Map<string, string>();
  const inBraces = (url: string): string => {
    const route = routes.get(url) ?? url.replace(/:(\w+)/g, "{$1}");
    routes.set(url, route);
    return route;
  };
  app.addHook("onResponse", async ({ method, routeOptions }, reply) => {
    const size = Number(reply.getHeader("content-length"));
    tell({ method, route: inBraces(routeOptions.url ?? ""), status: reply.statusCode, spentMs: reply.elapsedTime, bytes: Number.isNaN(size) ? 0 : size });
  });
}

/** Whatever server is underneath: who sends a byte a minute does not hold a request open. */
function cutSlowBodies(app: FastifyInstance, { clock, readTimeoutMs = 10_000 }: ApiOptions): void {
  const cancels = new WeakMap<FastifyRequest, () => void>();
  const arrived = (request: FastifyRequest) => {
    cancels.get(request)?.();
    cancels.delete(request);
  };
  app.addHook("onRequest", async (request, reply) => {
    if (request.method === "GET") return;
    const cut = () => {
      sendError(reply.header("connection", "close"), { status: 408, title: "Request Timeout", detail: "the body did not arrive in time" });
      reply.raw.once("finish", () => request.raw.destroy());
    };
    cancels.set(request, clock.after(readTimeoutMs, cut));
  });
  app.addHook("preHandler", async (request) => arrived(request));
  app.addHook("onResponse", async (request) => arrived(request));
  app.addHook("onRequestAbort", async (request) => arrived(request));
}

const anonymous: WritingUser = { name: "mesh-system:anonymous", groups: ["mesh-system:unauthenticated"] };

const statusOf = (error: unknown): number => (typeof error === "object" && error !== null && "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : 500);
