// MeshInsight and ServiceInsight as if they were stored: counted when someone reads, kept until their mesh changes.
import type { MeshInsight, ServiceInsight } from "#gen/kuma/mesh/v1alpha1/insights_pb.js";
import type { Clock } from "#platform";
import type { Kinds, Resource } from "#resources";
import type { Store } from "#store";
import { meshInsight } from "./mesh-insight.ts";
import { serviceInsight, type ServiceNaming } from "./service-insight.ts";

export interface ComputedOptions {
  readonly kinds: Kinds;
  readonly naming: ServiceNaming;
  readonly clock: Clock;
}

interface Insights {
  readonly mesh: Resource<MeshInsight>;
  /** Undefined while the mesh has no service. */
  readonly services: Resource<ServiceInsight> | undefined;
}

/** Reads of the two kinds are answered here; everything else is the store's. Closing it leaves the store open. */
export function withInsights(store: Store, { kinds, naming, clock }: ComputedOptions): Store {
  const known = new Map<string, Insights>();
  const stop = store.follow((changes) => {
    for (const { key } of changes) known.delete(key.type === "Mesh" ? key.name : key.mesh);
  });

  const insightsOf = (mesh: string): Insights | undefined => {
    const stored = store.get({ type: "Mesh", mesh: "", name: mesh });
    if (!stored) return undefined;
    let insights = known.get(mesh);
    if (!insights) {
      const meta = { labels: {}, creationTime: stored.creationTime, modificationTime: clock.now(), version: 1 };
      const services = serviceInsight(store, mesh, naming);
      insights = {
        mesh: { ...meta, type: "MeshInsight", mesh: "", name: mesh, spec: meshInsight(store, kinds, mesh) },
        services: Object.keys(services.services).length === 0 ? undefined : { ...meta, type: "ServiceInsight", mesh, name: `all-services-${mesh}`, spec: services },
      };
      known.set(mesh, insights);
    }
    return insights;
  };
  const meshNames = (mesh: string | undefined) => (mesh === undefined ? store.list("Mesh").map((it) => it.name) : [mesh]);

  return {
    put: (resource, expectedVersion) => store.put(resource, expectedVersion),
    delete: (key) => store.delete(key),
    follow: (onChanges) => store.follow(onChanges),
    get(key) {
      if (key.type === "MeshInsight") return insightsOf(key.name)?.mesh;
      if (key.type !== "ServiceInsight") return store.get(key);
      const services = insightsOf(key.mesh)?.services;
      return services?.name === key.name ? services : undefined;
    },
    list(type, query) {
      if (type === "MeshInsight") return meshNames(undefined).flatMap((it) => insightsOf(it)?.mesh ?? []);
      if (type === "ServiceInsight") return meshNames(query?.mesh).flatMap((it) => insightsOf(it)?.services ?? []);
      return store.list(type, query);
    },
    close: async () => stop(),
  };
}
