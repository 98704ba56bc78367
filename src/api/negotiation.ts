// What the API says before any handler runs: unknown paths, wrong methods, foreign media types (spec/api.md 2.1).
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sendText } from "./errors.ts";
import { wantsLines } from "./exports.ts";
import { shorterPath } from "./paths.ts";

interface KnownRoute {
  readonly method: string;
  readonly pattern: RegExp;
  readonly isOverview: boolean;
}

/** Must be called before routes are added: it remembers them to name the allowed methods. */
export function negotiate(app: FastifyInstance): void {
  const known: KnownRoute[] = [];
  app.addHook("onRoute", (route) => {
    const methods = Array.isArray(route.method) ? route.method : [route.method];
    for (const method of methods) known.push({ method, pattern: patternOf(route.url), isOverview: route.url.endsWith("/_overview") });
  });
  app.addHook("onRequest", async (request, reply) => {
    const [path = ""] = request.originalUrl.split("?", 1);
    const shorter = shorterPath(path);
    if (shorter !== undefined) return redirect(request, reply, shorter + request.originalUrl.slice(path.length));
    if (request.is404) return;
    if (hasForeignBody(request)) return sendText(reply, 415, "415: Unsupported Media Type");
    const producesText = request.routeOptions.config.producesText === true;
    const sendsLines = request.routeOptions.config.sendsLines === true && wantsLines(request.headers.accept);
    if (!producesText && !sendsLines && !acceptsJson(request.headers.accept)) {
      const routes = known.filter((route) => route.method === request.method && route.pattern.test(path)).length;
      return sendText(reply, 406, `406: Not Acceptable\n\nAvailable representations: ${Array<string>(routes).fill("application/json").join(", ")}`);
    }
  });
  app.setNotFoundHandler((request, reply) => answerUnknown(request, reply, known));
}

function answerUnknown(request: FastifyRequest, reply: FastifyReply, known: readonly KnownRoute[]): FastifyReply {
  const [path = ""] = request.url.split("?", 1);
  const matching = known.filter((route) => route.pattern.test(path));
  const allowed = new Set(matching.map((route) => route.method));
  if (allowed.size === 0) return sendText(reply, 404, "404: Page Not Found");
  // The overview of a collection comes before the resources in it, one of which could have its name.
  const order = matching.some((route) => route.isOverview) ? ["GET", "PUT", "DELETE"] : ["POST", "PUT", "DELETE", "GET"];
  const inOrder = order.filter((method) => allowed.has(method));
  return sendText(reply.header("allow", inOrder.join(", ")), 405, "405: Method Not Allowed");
}

/** Only who reads gets a page about it. */
function redirect({ method }: FastifyRequest, reply: FastifyReply, location: string): FastifyReply {
  reply.code(307).header("location", location);
  if (method === "GET" || method === "HEAD") reply.header("content-type", "text/html; charset=utf-8");
  if (method !== "GET") return reply.send();
  const href = location.replaceAll("&", "&amp;").replaceAll('"', "&#34;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return reply.send(`<a href="${href}">Temporary Redirect</a>.\n\n`);
}

const patternOf = (url: string): RegExp =>
  new RegExp(`^${url.split("/").map((part) => (part.startsWith(":") ? "[^/]+" : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))).join("/")}/?$`);

function hasForeignBody({ method, headers }: FastifyRequest): boolean {
  const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (method === "PUT" || method === "POST") return type !== "application/json";
  return method === "DELETE" && Boolean(type) && type !== "application/json";
}

/** Weights are ignored, and so are `application/*` and capitals: as the reference does. */
function acceptsJson(accept: string | undefined): boolean {
  if (!accept) return true;
  return accept.split(",").some((range) => ["application/json", "*/*"].includes((range.split(";")[0] ?? "").trim()));
}
