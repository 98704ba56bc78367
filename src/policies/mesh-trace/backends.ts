// Where spans go: Zipkin, Datadog or an OpenTelemetry collector, each with its cluster and its tracer.
import { create } from "@bufbuild/protobuf";
import { Cluster_TransportSocketMatchSchema } from "#gen/envoy/config/cluster/v3/cluster_pb.js";
import { DatadogConfigSchema } from "#gen/envoy/config/trace/v3/datadog_pb.js";
import { Tracing_HttpSchema, type Tracing_Http } from "#gen/envoy/config/trace/v3/http_tracer_pb.js";
import { OpenTelemetryConfigSchema } from "#gen/envoy/config/trace/v3/opentelemetry_pb.js";
import { ZipkinConfig_CollectorEndpointVersion as Version, ZipkinConfigSchema } from "#gen/envoy/config/trace/v3/zipkin_pb.js";
import { UpstreamTlsContextSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import { addressCluster, bracketed, collectorCluster, collectorPlace, packNew, protoDuration, systemWord, tlsSocket, typed, type ClusterDraft, type CollectorPlace } from "#envoy";
import type { Plan } from "#mesh";
import type { TraceBackend } from "./kind.ts";

export interface TraceCollector {
  readonly cluster: string;
  /** Each listener is a service of its own. */
  readonly isSplit: boolean;
  provider(service: string): Tracing_Http;
  draft(plan: Plan): ClusterDraft;
  /** Of an OpenTelemetry collector: where it is, and who brings spans to it. */
  readonly place?: CollectorPlace;
}

/** Undefined when the policy refers to a collector that is not there. */
export function traceBackend(backend: TraceBackend, plan: Plan): TraceCollector | undefined {
  switch (backend.type) {
    case "Zipkin":
      return backend.zipkin && zipkin(backend.zipkin, plan.isUnified);
    case "Datadog":
      return backend.datadog && datadog(backend.datadog, plan.isUnified);
    case "OpenTelemetry":
      return backend.openTelemetry && openTelemetry(backend.openTelemetry, plan);
    default:
      return backend.type satisfies never;
  }
}

const isOnIpv6 = ({ proxy }: Plan): boolean => (proxy.dataplane.spec.networking?.address ?? "").includes(":");

interface Place {
  readonly scheme: string;
  /** As it is written: host and, where given, port. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly path: string;
}

/** Not `URL`: a port that is the scheme's own stays as it is written, and so does an empty path. */
function placeOf(url: string): Place {
  const [, scheme = "", host = "", path = ""] = /^([a-z][a-z0-9+.-]*):\/\/(?:[^@/?]*@)?([^/?]*)([^?]*)/i.exec(url) ?? [];
  const [, inBrackets, plain = inBrackets ?? "", port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(host) ?? [];
  return { scheme: scheme.toLowerCase(), host, address: plain, port: Number(port ?? 0), path: unescaped(path) };
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function zipkin({ url, traceId128bit, apiVersion, sharedSpanContext }: NonNullable<TraceBackend["zipkin"]>, isUnified: boolean): TraceCollector {
  const cluster = isUnified ? `system_meshtrace_zipkin_${systemWord(url)}` : "meshtrace:zipkin";
  const place = placeOf(url);
  const typedConfig = packNew(ZipkinConfigSchema, {
    collectorCluster: cluster, collectorEndpoint: place.path, collectorEndpointVersion: apiVersion === "httpProto" ? Version.HTTP_PROTO : Version.HTTP_JSON, collectorHostname: place.host, sharedSpanContext, traceId128bit,
  });
  return { cluster, isSplit: false, provider: () => tracer("envoy.tracers.zipkin", typedConfig), draft: (plan) => clusterAt(cluster, place, plan) };
}

function datadog({ url, splitService }: NonNullable<TraceBackend["datadog"]>, isUnified: boolean): TraceCollector {
  const cluster = isUnified ? `system_meshtrace_datadog_${systemWord(url)}` : "meshtrace:datadog";
  return {
    cluster, isSplit: splitService,
    provider: (serviceName) => tracer("envoy.tracers.datadog", packNew(DatadogConfigSchema, { collectorCluster: cluster, serviceName })),
    draft: (plan) => clusterAt(cluster, placeOf(url), plan),
  };
}

function clusterAt(name: string, place: Place, plan: Plan): ClusterDraft {
  const draft = addressCluster(name, "http", place, { isOnIpv6: isOnIpv6(plan) });
  if (place.scheme === "https") draft.message.transportSocketMatches.push(tlsTo(place.address));
  return draft;
}

/** Hidden from listeners on the way, but not verified: a policy has no authority to verify by. */
function tlsTo(address: string) {
  const sni = isIP(address) ? "" : address;
  const match = create(Cluster_TransportSocketMatchSchema, { name: address, match: {} });
  match.transportSocket = tlsSocket(typed("tls", UpstreamTlsContextSchema, { sni, allowRenegotiation: true }));
  return match;
}

const isIP = (address: string): boolean => /^[\d.]+$/.test(address) || address.includes(":");

function openTelemetry(conf: NonNullable<TraceBackend["openTelemetry"]>, plan: Plan): TraceCollector | undefined {
  const place = collectorPlace(conf, plan);
  if (!place) return undefined;
  const cluster = plan.isUnified ? `system_meshtrace_otel_${systemWord(place.name)}` : "meshtrace:opentelemetry";
  const service = place.by === "envoy" && place.speaksHttp ? httpService(cluster, place) : { grpcService: { targetSpecifier: { case: "envoyGrpc" as const, value: { clusterName: cluster } } } };
  return {
    cluster, isSplit: false, place,
    provider: (serviceName) => tracer("envoy.tracers.opentelemetry", packNew(OpenTelemetryConfigSchema, { serviceName, ...service })),
    draft: (its) => collectorCluster(cluster, place, its),
  };
}

const httpService = (cluster: string, { address, port, path }: Extract<CollectorPlace, { by: "envoy" }>) => ({
  httpService: { httpUri: { uri: `http://${bracketed(address)}:${port}${path}/v1/traces`, timeout: protoDuration(10_000), httpUpstreamType: { case: "cluster" as const, value: cluster } } },
});

const tracer = (name: string, typedConfig: ReturnType<typeof packNew>): Tracing_Http => create(Tracing_HttpSchema, { name, configType: { case: "typedConfig", value: typedConfig } });
