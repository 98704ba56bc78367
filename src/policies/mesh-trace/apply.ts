// MeshTrace on Envoy: how requests are traced, at every listener that takes them, and the cluster spans go to (spec/dataplane.md 6.2).
import { create } from "@bufbuild/protobuf";
import type { Tracing_Http } from "#gen/envoy/config/trace/v3/http_tracer_pb.js";
import { PercentSchema, type Percent } from "#gen/envoy/type/v3/percent_pb.js";
import { HttpConnectionManager_TracingSchema } from "#gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { CustomTagSchema, type CustomTag } from "#gen/envoy/type/tracing/v3/custom_tag_pb.js";
import { clusterName, collectThrough, type EnvoyPolicy, type ListenerDraft, type ProxyFacts } from "#envoy";
import { identifyingService, type Destination, type Plan } from "#mesh";
import { decimalOf, formatKri, label, type IntOrString } from "#resources";
import { traceBackend, type TraceCollector } from "./backends.ts";
import type { TraceConf } from "./kind.ts";

const kind = "MeshTrace";

interface TraceFacts extends ProxyFacts {
  readonly conf: TraceConf;
  readonly service: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Undefined when the policy refers to no collector: requests are traced for others, and not reported. */
  readonly collector: TraceCollector | undefined;
}

export const meshTraceApply: EnvoyPolicy = {
  kind,
  facts(plan) {
    const conf = (plan.proxyConfs.get(kind)?.value ?? {}) as TraceConf;
    const [backend] = conf.backends ?? [];
    if (!backend) return undefined;
    const collector = traceBackend(backend, plan);
    const said = { conf, service: identifyingService(plan.proxy.dataplane), tags: ownTags(plan) };
    return { ...said, collector, key: JSON.stringify([said, collector?.cluster, collector?.isSplit, collector?.place]), holds: "at requests" };
  },
  outboundListener(listener, _conf, { target, mesh, facts }) {
    trace(listener, facts, `OUTBOUND_${nameOf(target.destination, mesh)}`);
  },
  inboundListener(listener, _conf, { facts }) {
    trace(listener, facts, "INBOUND");
  },
  besides(facts, plan, drafts) {
    const { collector } = facts as TraceFacts;
    if (!collector) return;
    drafts.clusters.push(collector.draft(plan));
    if (collector.place?.by === "kuma-dp") collectThrough(drafts.collectors, collector.place, "traces");
  },
};

/** The older name of a destination, in both families of names. */
const nameOf = (destination: Destination, mesh: string): string => (destination.is === "service" ? destination.service : clusterName(mesh, destination, false));

function trace(listener: ListenerDraft, facts: ReadonlyMap<string, ProxyFacts> | undefined, place: string): void {
  const its = facts?.get(kind) as TraceFacts | undefined;
  if (!its) return;
  const service = its.collector?.isSplit ? `${its.service}_${place}` : its.service;
  for (const { terminal } of listener.chains) if (terminal.is === "http") terminal.http.message.tracing = tracing(its, its.collector?.provider(service));
}

function tracing({ conf: { sampling, tags = [] }, tags: own }: TraceFacts, provider: Tracing_Http | undefined) {
  const ours = Object.entries(own).filter(([name]) => !tags.some((it) => it.name === name));
  const message = create(HttpConnectionManager_TracingSchema, { spawnUpstreamSpan: false, customTags: [...tags.flatMap(customTag), ...ours.map(([name, value]) => literal(name, value))] });
  if (provider) message.provider = provider;
  const [overall, client, random] = [percent(sampling?.overall), percent(sampling?.client), percent(sampling?.random)];
  if (overall) message.overallSampling = overall;
  if (client) message.clientSampling = client;
  if (random) message.randomSampling = random;
  return message;
}

const percent = (value: IntOrString | undefined): Percent | undefined => (value === undefined ? undefined : create(PercentSchema, { value: decimalOf(value) ?? 0 }));

const literal = (tag: string, value: string): CustomTag => create(CustomTagSchema, { tag, type: { case: "literal", value: { value } } });

function customTag({ name, literal: value, header }: NonNullable<TraceConf["tags"]>[number]): CustomTag[] {
  if (header) return [create(CustomTagSchema, { tag: name, type: { case: "requestHeader", value: { name: header.name, defaultValue: header.default ?? "" } } })];
  return value === undefined ? [] : [literal(name, value)];
}

/** A user's tag of the same name takes the place of ours. */
function ownTags({ meshName, zone, proxy: { dataplane } }: Plan): Readonly<Record<string, string>> {
  const workload = dataplane.labels[label.workload];
  const kri = workload && formatKri({ shortName: "wl", mesh: meshName, zone, namespace: dataplane.labels[label.namespace] ?? "", name: workload, section: "" });
  return { "kuma.mesh": meshName, "kuma.zone": zone, ...(kri ? { "kuma.workload": kri } : {}) };
}
