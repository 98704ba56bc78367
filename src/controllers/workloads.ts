// Workloads that exist because Dataplanes name them by their label, on Universal, with the counts of these proxies.
import { isDeepStrictEqual } from "node:util";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { isHealthy } from "#mesh";
import type { Part } from "#platform";
import { isSubdomain, label, type Place, type Resource } from "#resources";
import type { Workload } from "#resources/kinds";
import { changesFacts, factsOf } from "./proxy-insight.ts";
import { byMesh, react, type ControllerParts, type Decision, type Write } from "./reaction.ts";

export interface WorkloadOptions extends ControllerParts {
  readonly place: Place;
}

const generatorName = "workload-generator";

/** Runs on the leader of a Universal zone. */
export function generateWorkloads(options: WorkloadOptions): Part {
  const { store, place } = options;
  return react({
    ...options,
    name: generatorName,
    gapMs: 500,
    ...byMesh(store, ["Dataplane", "DataplaneInsight", "Workload"], [], (change) => change.key.type !== "DataplaneInsight" || changesFacts(change)),
    decide: (mesh) =>
      decideWorkloads({
        mesh, place,
        dataplanes: store.get({ type: "Mesh", mesh: "", name: mesh }) ? (store.list("Dataplane", { mesh }) as readonly Resource<Dataplane>[]) : [],
        insightOf: (name) => store.get({ type: "DataplaneInsight", mesh, name }),
        workloads: store.list("Workload", { mesh }) as readonly Workload[],
      }),
  });
}

export interface WorkloadsView {
  readonly mesh: string;
  readonly place: Place;
  readonly dataplanes: readonly Resource<Dataplane>[];
  readonly insightOf: (name: string) => Resource | undefined;
  readonly workloads: readonly Workload[];
}

export function decideWorkloads(view: WorkloadsView): Decision {
  const members = Map.groupBy(view.dataplanes, (it) => it.labels[label.workload] ?? "");
  const named = [...members].filter(([name]) => isSubdomain(name));
  const names = new Set(named.map(([name]) => name));
  const gone = view.workloads.filter((it) => isGenerated(it) && !names.has(it.name)).map((key): Write => ({ is: "remove", key }));
  const stored = new Map(view.workloads.map((it) => [it.name, it]));
  return { writes: [...gone, ...named.flatMap(([name, proxies]) => keep(name, proxies, stored.get(name), view))], nextAt: Infinity };
}

const isGenerated = ({ labels }: Resource): boolean => labels[label.managedBy] === generatorName;

function keep(name: string, proxies: readonly Resource<Dataplane>[], stored: Workload | undefined, view: WorkloadsView): readonly Write[] {
  const { mesh, place } = view;
  const labels = { [label.env]: place.environment, [label.managedBy]: generatorName, [label.mesh]: mesh, [label.zone]: place.zone };
  const status = { dataplaneProxies: countsOf(proxies, view) };
  const next = (current: Workload | undefined) => {
    if (current && !isGenerated(current)) return undefined;
    return current && isDeepStrictEqual([current.labels, current.status], [labels, status]) ? undefined : { type: "Workload", mesh, name, spec: {}, ...current, labels, status };
  };
  return next(stored) ? [{ is: "update", key: { type: "Workload", mesh, name }, change: (current) => next(current as Workload | undefined) }] : [];
}

/** A proxy is healthy with one inbound that is. */
const countsOf = (proxies: readonly Resource<Dataplane>[], { insightOf }: WorkloadsView) => ({
  connected: proxies.filter((it) => factsOf(insightOf(it.name)).isConnected).length,
  healthy: proxies.filter((it) => it.spec.networking?.inbound.some(isHealthy)).length,
  total: proxies.length,
});
