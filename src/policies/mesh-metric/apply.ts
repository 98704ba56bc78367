// MeshMetric on Envoy: a listener per Prometheus backend that leads to kuma-dp, and a document that tells kuma-dp what to collect (spec/dataplane.md 6.2).
import { create } from "@bufbuild/protobuf";
import { RouteSchema } from "#gen/envoy/config/route/v3/route_components_pb.js";
import type { DownstreamTlsContext } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import {
  chain, fileTls, goJson, loopbackCidrs, inboundTls, openHttp, openListener, sanitised, socketPath, staticCluster, system,
  type DynamicDocument, type EnvoyPolicy, type ListenerDraft,
} from "#envoy";
import { feature, identifyingService, metricLabels, type Plan } from "#mesh";
import { label } from "#resources";
import type { MetricConf } from "./kind.ts";
import { addOtelBackend, otelBackends, otelDocument } from "./otel.ts";

type Prometheus = NonNullable<NonNullable<MetricConf["backends"]>[number]["prometheus"]>;

const hijacker = "_kuma:metrics:hijacker";

export const meshMetricApply: EnvoyPolicy = {
  kind: "MeshMetric",
  proxy({ value }, plan, drafts) {
    const conf = value as MetricConf;
    const backends = (conf.backends ?? []).flatMap(({ type, prometheus }) => (type === "Prometheus" && prometheus ? [prometheus] : []));
    const { workdir } = plan.proxy.traits;
    // The policy takes the place of the Mesh's own settings.
    remove(drafts.clusters, system.meshPrometheus.cluster);
    remove(drafts.listeners, system.meshPrometheus.listener);
    const collectors = otelBackends(conf);
    if ((backends.length === 0 && collectors.length === 0) || !workdir) return;
    for (const collector of collectors) addOtelBackend(collector, plan, drafts);
    if (backends.length === 0) return void drafts.documents.push(documentFor(conf, plan));
    const { dataplane } = plan.proxy;
    const pipe = socketPath(workdir, `kuma-mh-${dataplane.name}-${plan.meshName}`);
    const clusters = plan.isUnified ? backends.map((backend) => nameOf(backend, plan)) : [hijacker];
    drafts.clusters.push(...clusters.map((name) => staticCluster(name, "tcp", [{ pipe }])));
    drafts.listeners.push(...backends.flatMap((backend) => listenerFor(backend, plan)));
    drafts.documents.push(documentFor(conf, plan));
  },
};

function remove(drafts: { readonly message: { readonly name: string } }[], name: string): void {
  const at = drafts.findIndex((it) => it.message.name === name);
  if (at >= 0) drafts.splice(at, 1);
}

function nameOf({ clientId }: Prometheus, plan: Plan): string {
  const id = clientId || "default-backend";
  return plan.isUnified ? `system_meshmetric_prometheus_${id}` : `_kuma:metrics:prometheus:${id}`;
}

function listenerFor(backend: Prometheus, plan: Plan): readonly ListenerDraft[] {
  const name = nameOf(backend, plan);
  const cluster = plan.isUnified ? name : hijacker;
  const { traits, dataplane } = plan.proxy;
  const tls = tlsFor(backend, plan);
  // Who asked for TLS gets no plaintext in its place.
  if (tls === "missing") return [];
  const listener = openListener({
    name, address: dataplane.spec.networking?.address ?? "", port: backend.port, direction: "inbound", isUnified: plan.isUnified,
    reusePort: traits.features.has(feature.reusePort), bindToPort: true, tags: {},
  });
  const http = openHttp({ statPrefix: name, protocol: "http", routeConfigName: "", virtualHost: name, internalCidrs: loopbackCidrs, ipv6: traits.ipv6 });
  const message = create(RouteSchema, {
    match: { pathSpecifier: { case: "prefix", value: backend.path } },
    action: { case: "route", value: { clusterSpecifier: { case: "cluster", value: cluster }, prefixRewrite: "/meshmetric" } },
  });
  http.routes.push({ message, plan: undefined });
  listener.chains.push(chain({ terminal: { is: "http", http }, tls }));
  if (plan.isUnified) listener.message.statPrefix = sanitised(name);
  return [listener];
}

/** `missing`: the proxy has not what the mode needs. */
function tlsFor({ tls }: Prometheus, plan: Plan): DownstreamTlsContext | undefined | "missing" {
  if (tls?.mode === "ProvidedTLS") {
    const files = plan.proxy.traits.metricsTls;
    if (!files) return "missing";
    return fileTls(files);
  }
  if (tls?.mode !== "ActiveMTLSBackend" || !plan.mtls) return undefined;
  return inboundTls(plan);
}

/** What kuma-dp of this and of Kuma's own release reads. */
function documentFor(conf: MetricConf, plan: Plan): DynamicDocument {
  const { sidecar } = conf;
  const metrics = {
    applications: conf.applications?.map(({ name, path, port, address }) => ({ ...(name === undefined ? {} : { name }), path, port, address: address ?? "" })) ?? null,
    backends: [...(conf.backends?.some((it) => it.type === "Prometheus" && it.prometheus) ? [{ type: "Prometheus", name: null }] : []), ...otelBackends(conf).map((it) => otelDocument(it, plan))],
    ...(sidecar
      ? {
          sidecar: {
            ...(sidecar.profiles ? { profiles: profilesOf(sidecar.profiles) } : {}),
            ...(sidecar.includeUnused === undefined ? {} : { includeUnused: sidecar.includeUnused }),
          },
        }
      : {}),
    extraLabels: labelsOf(plan),
  };
  return { path: "/meshmetric", name: "meshmetric", body: goJson({ observability: { metrics } }) };
}

type Profiles = NonNullable<NonNullable<MetricConf["sidecar"]>["profiles"]>;

const profilesOf = ({ appendProfiles, exclude, include }: Profiles) => ({
  ...(appendProfiles ? { appendProfiles: appendProfiles.map(({ name }) => ({ name })) } : {}),
  ...(exclude ? { exclude: exclude.map(({ type, match }) => ({ type, match })) } : {}),
  ...(include ? { include: include.map(({ type, match }) => ({ type, match })) } : {}),
});

function labelsOf(plan: Plan): Readonly<Record<string, string>> {
  const { dataplane } = plan.proxy;
  const workload = dataplane.labels[label.workload];
  const service = identifyingService(dataplane);
  // Where everything is named by its KRI, nobody needs the older names.
  const older = plan.isUnified ? {} : { ...metricLabels(dataplane), dataplane: dataplane.name, ...(workload || service === "unknown" ? {} : { service }) };
  const labels: Record<string, string> = {
    ...older, "kuma.proxy_role": dataplane.spec.networking?.gateway ? "gateway" : "sidecar", mesh: plan.meshName, zone: plan.zone, ...(workload ? { "kuma.workload": workload } : {}),
  };
  return Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
