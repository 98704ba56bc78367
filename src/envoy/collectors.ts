// OpenTelemetry collectors: where a policy's telemetry goes, by Envoy itself or through a socket of kuma-dp's (spec/dataplane.md 6.2).
import { collectorOf, feature, type Collector, type CollectorRef, type Plan } from "#mesh";
import { addressCluster, speakHttp2, staticCluster, type ClusterDraft } from "./draft/cluster.ts";
import { bracketed, socketPath } from "./names.ts";
import type { DynamicDocument } from "./policy.ts";

/** What a policy says: an address of its own, or a MeshOpenTelemetryBackend. */
export interface CollectorConf {
  readonly endpoint?: string | undefined;
  readonly backendRef?: CollectorRef | undefined;
}

export type CollectorPlace =
  | { readonly by: "envoy"; readonly name: string; readonly address: string; readonly port: number; readonly speaksHttp: boolean; readonly path: string }
  | { readonly by: "kuma-dp"; readonly name: string; readonly collector: Collector; readonly socket: string };

const [defaultPort, ownHost] = [4317, "127.0.0.1"];

/** Undefined when the reference leads nowhere: nothing is sent. */
export function collectorPlace({ endpoint, backendRef }: CollectorConf, { view, proxy: { traits } }: Plan): CollectorPlace | undefined {
  if (endpoint) return { by: "envoy", name: endpoint, ...placeOf(endpoint), speaksHttp: false, path: "" };
  const collector = backendRef && collectorOf(view, backendRef);
  if (!collector) return undefined;
  if (traits.features.has(feature.otelViaDp) && traits.workdir) return { by: "kuma-dp", name: collector.name, collector, socket: socketPath(traits.workdir, `kuma-otel-${collector.name}`) };
  return { by: "envoy", name: collector.name, address: collector.address || ownHost, port: collector.port, speaksHttp: collector.speaksHttp, path: collector.path };
}

/** `host:port`, port 4317 where none is given. */
export function placeOf(endpoint: string): { readonly address: string; readonly port: number } {
  const [, inBrackets, host = inBrackets, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(endpoint) ?? [];
  if (host === undefined) return { address: endpoint, port: defaultPort };
  return { address: host, port: Number(port ?? defaultPort) || defaultPort };
}

export function collectorCluster(name: string, place: CollectorPlace, plan: Plan): ClusterDraft {
  const isOnIpv6 = (plan.proxy.dataplane.spec.networking?.address ?? "").includes(":");
  const draft = place.by === "kuma-dp" ? staticCluster(name, "grpc", [{ pipe: place.socket }]) : addressCluster(name, "grpc", place, { isOnIpv6 });
  if (place.by === "kuma-dp" || !place.speaksHttp) speakHttp2(draft);
  return draft;
}

/** Characters other than small letters, digits, `_` and `-` become `-`. */
export const systemWord = (text: string): string => text.replace(/[^a-z0-9_-]/g, "-");

type Signal = "traces" | "logs" | "metrics";

/** What kuma-dp brings to one collector. */
export interface CollectorDraft {
  readonly collector: Collector;
  readonly socket: string;
  readonly signals: Map<Signal, { readonly refreshInterval?: string | undefined }>;
}

export function collectThrough(drafts: Map<string, CollectorDraft>, { collector, socket }: Extract<CollectorPlace, { by: "kuma-dp" }>, signal: Signal, settings: { readonly refreshInterval?: string | undefined } = {}): void {
  const draft = drafts.get(collector.name) ?? { collector, socket, signals: new Map() };
  drafts.set(collector.name, draft);
  draft.signals.set(signal, settings);
}

const signals: readonly Signal[] = ["traces", "logs", "metrics"];

/** As kuma-dp of this and of Kuma's own release reads it. */
export function collectorsDocument(drafts: ReadonlyMap<string, CollectorDraft>): readonly DynamicDocument[] {
  if (drafts.size === 0) return [];
  const backends = [...drafts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, { collector, socket, signals: its }]) => ({
    name, socketPath: socket, endpoint: `${bracketed(collector.address)}:${collector.port}`, useHTTP: collector.speaksHttp, ...(collector.path ? { path: collector.path } : {}),
    ...Object.fromEntries(signals.flatMap((signal) => {
      const settings = its.get(signal);
      return settings ? [[signal, { enabled: true, ...(settings.refreshInterval ? { refreshInterval: settings.refreshInterval } : {}) }]] : [];
    })),
  }));
  return [{ path: "/otel", name: "otel", body: goJson({ backends }) }];
}

const escapes: Readonly<Record<string, string>> = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026" };

/** Bytes as Go writes them: their hash is a document's version, equal for equal content whoever serves it. */
export const goJson = (value: unknown): string => JSON.stringify(value).replace(/[<>&]/g, (it) => escapes[it] ?? it);
