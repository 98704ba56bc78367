// Port 5680: is the control plane alive and ready, its metrics, its log levels (spec/security.md 10.4).
import type { Registry } from "prom-client";
import type { LogLevel, LogLevels } from "#platform";
import { failureOf } from "#resources";
import { createHttp1Server, type Http1Server, type IncomingMessage } from "#security";

export interface DiagnosticsOptions {
  readonly isReady: () => boolean;
  readonly metrics: Registry;
  readonly levels: LogLevels;
  /** Rejects with the denial of a caller who may not look at log levels, or not change them. */
  readonly authorize: (request: IncomingMessage, operation: "look" | "change") => Promise<void>;
}

const maxBodyBytes = 4096;
const maxOverrides = 100;
const levelNames = new Set<string>(["off", "error", "warn", "info", "debug"]);

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

export function diagnosticsServer(options: DiagnosticsOptions): Http1Server {
  return createHttp1Server((request, response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= maxBodyBytes) chunks.push(chunk);
    });
    request.on("end", () => {
      const body = size > maxBodyBytes ? undefined : Buffer.concat(chunks).toString("utf8");
      answer(options, request, body).then(
        ({ status, body: text, type = "text/plain; charset=utf-8" }) => {
          response.writeHead(status, { "content-type": type });
          response.end(text);
        },
        (error: unknown) => {
          const failure = failureOf(error);
          const status = failure?.is === "unauthenticated" ? 401 : failure?.is === "denied" ? 403 : 500;
          response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(status === 500 ? "" : `${failure?.message ?? ""}\n`);
        },
      );
    });
  });
}

async function answer(options: DiagnosticsOptions, request: IncomingMessage, body: string | undefined): Promise<Answer> {
  const method = request.method ?? "GET";
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  if (path === "/healthy") return { status: 200, body: "" };
  if (path === "/ready") return { status: options.isReady() ? 200 : 503, body: "" };
  if (path === "/metrics") return { status: 200, body: await options.metrics.metrics(), type: options.metrics.contentType };
  if (path !== "/logging" && !path.startsWith("/logging/")) return { status: 404, body: "404 page not found\n" };
  await options.authorize(request, method === "GET" ? "look" : "change");
  return logging(options.levels, method, path.slice("/logging/".length), body);
}

function logging(levels: LogLevels, method: string, component: string, body: string | undefined): Answer {
  const shown = (): Answer => ({ status: 200, type: "application/json", body: `${JSON.stringify({ components: Object.fromEntries(levels.byName) })}\n` });
  if (method === "GET") return shown();
  if (method === "DELETE") {
    if (component) levels.byName.delete(component);
    else levels.byName.clear();
    return shown();
  }
  if (method !== "PUT") return { status: 405, body: "method not allowed\n" };
  if (body === undefined) return { status: 400, body: `the body is larger than ${maxBodyBytes} bytes\n` };
  const change = parseChange(body);
  if (!change) return { status: 400, body: 'expected {"component": "...", "level": "off|error|warn|info|debug"}\n' };
  if (!levels.byName.has(change.component) && levels.byName.size >= maxOverrides) return { status: 429, body: "too many components have a level of their own\n" };
  levels.byName.set(change.component, change.level);
  return shown();
}

function parseChange(body: string): { readonly component: string; readonly level: LogLevel } | undefined {
  try {
    const { component, level } = JSON.parse(body) as { component?: unknown; level?: unknown };
    if (typeof component !== "string" || component === "" || typeof level !== "string" || !levelNames.has(level)) return undefined;
    return { component, level: level as LogLevel };
  } catch {
    return undefined;
  }
}
