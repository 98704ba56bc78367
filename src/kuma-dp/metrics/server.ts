// The socket that Envoy's metrics listeners lead to: each scrape collects anew.
import type { Platform } from "#platform";
import { createHttp1Server, feedHttp1, openEndpoint, type HttpClient, type IncomingMessage } from "#security";
import { collectMetrics, envoyMetrics, type ScrapeFacts, type Sources } from "./collect.ts";
import { parseMetricsConf, type MetricsConf } from "./conf.ts";
import { printExposition, textType } from "./exposition.ts";

export interface MetricsServer {
  /** Takes the document `/meshmetric`; throws for one it cannot read. */
  configure(body: string): void;
  close(): Promise<void>;
}

export interface MetricsOptions {
  readonly socketPath: string;
  readonly admin: HttpClient;
  readonly address: string;
  readonly platform: Platform;
}

const defaultTimeoutMs = 10_000;
const maxTimeoutMs = 60_000;

export async function serveMetrics({ socketPath, admin, address, platform }: MetricsOptions): Promise<MetricsServer> {
  const log = platform.log.child("metrics");
  const sources: Sources = { admin, address, platform: { ...platform, log } };
  let conf: MetricsConf | undefined;
  const answer = async (request: IncomingMessage): Promise<string> => {
    const facts = factsOf(request);
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    if (pathname.startsWith("/meshmetric")) return conf ? printExposition(await collectMetrics(conf, sources, facts)) : "";
    // Metrics settings of the Mesh: Envoy's listener has put them into the query.
    const filter = searchParams.get("filter");
    const query = `${searchParams.has("usedonly") ? "&usedonly" : ""}${filter ? `&filter=${encodeURIComponent(filter)}` : ""}`;
    return printExposition(await envoyMetrics(sources, facts, query));
  };
  const server = createHttp1Server((request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") return void response.writeHead(405, { allow: "GET" }).end();
    answer(request).then(
      (body) => {
        response.writeHead(200, { "content-type": textType });
        response.end(body);
      },
      (error: unknown) => {
        log.error("a scrape failed", { error });
        response.writeHead(500).end();
      },
    );
  });
  const endpoint = await openEndpoint("dp-metrics", { path: socketPath }, { http1: feedHttp1(server) }, platform);
  return {
    configure(body) {
      conf = parseMetricsConf(body);
      log.info("metrics are collected by a new configuration", { applications: conf.applications?.length ?? 0 });
    },
    async close() {
      server.close();
      await endpoint.close();
    },
  };
}

/** Prometheus says how long it waits; an answer must be ready a little earlier. */
function factsOf({ headers }: IncomingMessage): ScrapeFacts {
  const seconds = Number(headers["x-prometheus-scrape-timeout-seconds"]);
  const timeoutMs = seconds > 0 ? Math.min(maxTimeoutMs, Math.max(100, seconds * 1000 - 500)) : defaultTimeoutMs;
  const passed = ["user-agent", "x-prometheus-scrape-timeout-seconds"].flatMap((name): [string, string][] => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  return { timeoutMs, headers: Object.fromEntries(passed) };
}
