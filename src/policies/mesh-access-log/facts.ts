// What access logs say of the proxy that writes them, and which clusters lead to their collectors.
import { bracketed, collectorPlace, socketPath, systemWord, type CollectorConf, type CollectorPlace, type ProxyFacts } from "#envoy";
import { identifyingService, type InboundConf, type OutboundConf, type Plan } from "#mesh";
import { formatKri, label } from "#resources";
import type { AccessLogConf } from "./kind.ts";

export interface AccessLogFacts extends ProxyFacts {
  readonly address: string;
  readonly addressWithPort: string;
  readonly service: string;
  readonly mesh: string;
  readonly zone: string;
  /** Identifier of the workload; empty when the proxy names none. */
  readonly workload: string;
  /** Where kuma-dp reads lines for TCP backends. */
  readonly fifo: string;
  readonly clusters: ReadonlyMap<string, CollectorPlace>;
  /** Undefined when the collector is not known. */
  clusterOf(conf: CollectorConf): string | undefined;
}

const kindName = "MeshAccessLog";

export function accessLogFacts(plan: Plan): AccessLogFacts {
  const { dataplane, traits } = plan.proxy;
  const address = dataplane.spec.networking?.address ?? "";
  const workload = dataplane.labels[label.workload] ?? "";
  const { clusters, byConf } = collectorClusters(plan);
  const said = {
    address, addressWithPort: `${bracketed(address)}:0`, service: identifyingService(dataplane), mesh: plan.meshName, zone: plan.zone,
    workload: workload && formatKri({ shortName: "wl", mesh: plan.meshName, zone: plan.zone, namespace: dataplane.labels[label.namespace] ?? "", name: workload, section: "" }),
    fifo: socketPath(traits.workdir, `kuma-al-${dataplane.name}-${plan.meshName}`),
  };
  return { ...said, key: JSON.stringify([said, [...clusters], [...byConf]]), holds: "where the policy speaks", clusters, clusterOf: (conf) => byConf.get(confKey(conf)) };
}

/** One cluster for each collector, numbered in the older names by where it is first written to. */
function collectorClusters(plan: Plan): { readonly clusters: ReadonlyMap<string, CollectorPlace>; readonly byConf: ReadonlyMap<string, string> } {
  const names = new Map<string, string>();
  // By what the policy says: the facts outlive the plan they were found in.
  const byConf = new Map<string, string>();
  const clusters = new Map<string, CollectorPlace>();
  for (const conf of confsOf(plan)) {
    for (const { openTelemetry } of conf.backends ?? []) {
      const place = openTelemetry && collectorPlace(openTelemetry, plan);
      if (!place) continue;
      const name = names.get(keyOf(place)) ?? (plan.isUnified ? systemName(place) : `meshaccesslog:opentelemetry:${names.size}`);
      names.set(keyOf(place), name);
      clusters.set(name, place);
      byConf.set(confKey(openTelemetry), name);
    }
  }
  return { clusters, byConf };
}

const confKey = ({ endpoint, backendRef }: CollectorConf): string => endpoint || JSON.stringify(backendRef?.labels);

const keyOf = (place: CollectorPlace): string => (place.by === "kuma-dp" ? place.collector.name : `${place.address} ${place.port} ${place.speaksHttp}`);
const systemName = (place: CollectorPlace): string => `system_meshaccesslog_${place.by === "kuma-dp" ? `otel_${systemWord(place.collector.name)}` : systemWord(`${place.address}-${place.port}`)}`;

/** In the order in which listeners are made: what is served, what is called by tags, what leaves the mesh, what is called by resource. */
function confsOf(plan: Plan): readonly AccessLogConf[] {
  const outbounds = plan.outbounds.map(({ target }) => target);
  const byTags = outbounds.filter((it) => it.destination.is === "service");
  const byResource = outbounds.filter((it) => it.destination.is === "resource");
  const confs: readonly (OutboundConf | undefined)[] = [
    ...byTags.map((it) => it.confs.get(kindName)),
    ...(plan.proxy.traits.transparentProxy ? [plan.anywhereConfs.get(kindName)] : []),
    ...byResource.flatMap(({ confs: its, traffic }) => [its.get(kindName), ...(traffic.is === "http" ? traffic.routes.map((it) => it.ownConfs.get(kindName)) : [])]),
  ];
  return [...plan.inbounds.flatMap((it) => inboundConfs(it.confs.get(kindName))), ...confs.flatMap((it) => (it ? [it.value as AccessLogConf] : []))];
}

const inboundConfs = (conf: InboundConf | undefined): readonly AccessLogConf[] => (conf?.rules ?? []).map((it) => it.conf as AccessLogConf);
