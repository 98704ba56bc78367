// OpenTelemetry backends of MeshMetric: kuma-dp hands metrics to a socket of Envoy's, Envoy brings them to the collector.
import { create } from "@bufbuild/protobuf";
import { RouteSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import { addressCluster, chain, loopbackCidrs, openHttp, pipeListener, placeOf, sanitised, socketPath, speakHttp2, type ProxyDrafts } from "#envoy";
import type { Plan } from "#mesh";
import type { MetricConf } from "./kind.ts";

type Conf = NonNullable<NonNullable<MetricConf["backends"]>[number]["openTelemetry"]>;

/** Those with an address of their own; what a MeshOpenTelemetryBackend says is not known here. */
export const otelBackends = ({ backends = [] }: MetricConf): readonly Conf[] => backends.flatMap(({ type, openTelemetry }) => (type === "OpenTelemetry" && openTelemetry?.endpoint ? [openTelemetry] : []));

export function addOtelBackend({ endpoint }: Conf, plan: Plan, { clusters, listeners }: Pick<ProxyDrafts, "clusters" | "listeners">): void {
  const { dataplane, traits } = plan.proxy;
  const backend = backendName(endpoint);
  const name = plan.isUnified ? `system_meshmetric_otel_${systemName(backend)}` : `_kuma:metrics:opentelemetry:${backend}`;
  const cluster = addressCluster(name, "grpc", placeOf(endpoint), { isOnIpv6: (dataplane.spec.networking?.address ?? "").includes(":") });
  speakHttp2(cluster);
  clusters.push(cluster);
  const listener = pipeListener(name, socketOf(backend, plan));
  if (plan.isUnified) listener.message.statPrefix = sanitised(name);
  const http = openHttp({ statPrefix: name, protocol: "grpc", routeConfigName: "", virtualHost: name, internalCidrs: loopbackCidrs, ipv6: traits.ipv6 });
  const message = create(RouteSchema, { match: { pathSpecifier: { case: "prefix", value: "/" } }, action: { case: "route", value: { clusterSpecifier: { case: "cluster", value: name } } } });
  http.routes.push({ message, plan: undefined });
  listener.chains.push(chain({ terminal: { is: "http", http } }));
  listeners.push(listener);
}

/** As kuma-dp reads it. */
export function otelDocument({ endpoint, refreshInterval }: Conf, plan: Plan) {
  const name = backendName(endpoint);
  return { type: "OpenTelemetry", name, openTelemetry: { endpoint: socketOf(name, plan), refreshInterval: refreshInterval ?? "1m0s" } };
}

const backendName = (endpoint: string): string => endpoint.replaceAll("/", "").replaceAll(":", "-");
const socketOf = (backend: string, plan: Plan): string => socketPath(plan.proxy.traits.workdir, `kuma-otel-${backend}`);
const systemName = (name: string): string => name.split(/[^a-z0-9_-]+/).filter((it) => it !== "").join("-");
