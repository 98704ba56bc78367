// Collectors of telemetry: what a reference to MeshOpenTelemetryBackends means.
import { displayName, type Resource } from "#resources";
import type { MeshOpenTelemetryBackend } from "#resources/kinds";
import { memoOn } from "../intern.ts";
import type { MeshView } from "../view.ts";

export interface CollectorRef {
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface Collector {
  readonly name: string;
  /** Empty: the host of the proxy. */
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly speaksHttp: boolean;
}

const defaultPort = { grpc: 4317, http: 4318 } as const;

/** The oldest of those that have the labels; undefined when there is none. */
export function referredBackend(backends: readonly MeshOpenTelemetryBackend[], { labels = {} }: CollectorRef): MeshOpenTelemetryBackend | undefined {
  const wanted = Object.entries(labels);
  const [found] = backends.filter((it) => wanted.every(([key, value]) => it.labels[key] === value)).toSorted((a, b) => a.creationTime - b.creationTime);
  return found;
}

export function collectorOf(view: MeshView, reference: CollectorRef): Collector | undefined {
  const found = referredBackend(view.list("MeshOpenTelemetryBackend") as readonly MeshOpenTelemetryBackend[], reference);
  if (!found) return undefined;
  const { endpoint = {}, protocol = "grpc" } = found.spec;
  return { name: displayName(found), address: endpoint.address ?? "", port: endpoint.port ?? defaultPort[protocol], path: endpoint.path ?? "", speaksHttp: protocol === "http" };
}

/** What plans read of them: a status written again plans nothing anew. */
export const collectorText = memoOn((backends: readonly Resource[]): string => JSON.stringify(backends.map(({ name, labels, spec, creationTime }) => [name, labels, spec, creationTime])));
