// Metrics of Envoy and of the applications beside it, fetched at the same time and made one.
import type { Platform } from "#platform";
import { httpClient, type HttpClient } from "#security";
import type { MetricsConf } from "./conf.ts";
import { mergeFamilies, parseExposition, withLabels, type Family } from "./exposition.ts";
import { selectFamilies } from "./profile.ts";

export interface Sources {
  /** Envoy's admin interface. */
  readonly admin: HttpClient;
  /** Where applications listen that name no address: the address of the proxy. */
  readonly address: string;
  readonly platform: Platform;
}

/** From the request of Prometheus, passed on to applications. */
export interface ScrapeFacts {
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

const maxAnswerBytes = 32 * 1024 * 1024;
/** In this order: the older format is what we merge in. */
const accept = "text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1";

/** What MeshMetric asks for. A source that fails is left out: the others still tell. */
export async function collectMetrics(conf: MetricsConf, sources: Sources, facts: ScrapeFacts): Promise<Family[]> {
  const [envoy, ...applications] = await Promise.all([
    envoyMetrics(sources, facts, conf.sidecar?.includeUnused === true ? "" : "&usedonly"),
    ...(conf.applications ?? []).map((it) => applicationMetrics(it, sources, facts)),
  ]);
  const labels = Object.fromEntries(Object.entries(conf.extraLabels ?? {}).map(([name, value]) => [name.replace(/[^A-Za-z0-9_]/g, "_"), value]));
  return mergeFamilies(withLabels([...selectFamilies(envoy, conf.sidecar?.profiles ?? undefined), ...applications.flat()], labels));
}

/** All or some of Envoy's metrics; `query` begins with `&` or is empty. */
export async function envoyMetrics({ admin, platform }: Sources, { timeoutMs }: ScrapeFacts, query: string): Promise<Family[]> {
  try {
    const { status, body } = await admin.request({ path: `/stats?format=prometheus&text_readouts${query}`, signal: AbortSignal.timeout(timeoutMs) });
    if (status === 200) return parseExposition(body.toString("utf8"), false);
    platform.log.warn("Envoy gave no metrics", { status });
  } catch (error) {
    platform.log.warn("Envoy gave no metrics", { error });
  }
  return [];
}

type Application = NonNullable<MetricsConf["applications"]>[number];

async function applicationMetrics({ name, path, port, address }: Application, { address: own, platform }: Sources, { timeoutMs, headers }: ScrapeFacts): Promise<Family[]> {
  const host = address || own || "127.0.0.1";
  const client = httpClient({ url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`, timeoutMs, maxResponseBytes: maxAnswerBytes, headers: { ...headers, accept } });
  try {
    const { status, body, headers: its } = await client.request({ path });
    if (status === 200) return parseExposition(body.toString("utf8"), (its["content-type"] ?? "").includes("openmetrics"));
    platform.log.warn("an application gave no metrics", { name, host, port, path, status });
  } catch (error) {
    platform.log.warn("an application gave no metrics", { name, host, port, path, error });
  } finally {
    client.close();
  }
  return [];
}
