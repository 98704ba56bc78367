// The two documents about everything: what the console's first page shows, and its older, shorter form.
import { ServiceInsight_Service_Status as Status, ServiceInsight_Service_Type as Type, type MeshInsight, type MeshInsight_DataplaneStat as Stat, type ServiceInsight } from "#gen/kuma/mesh/v1alpha1/insights_pb.js";
import { ZoneEgressInsightSchema, ZoneIngressInsightSchema } from "#gen/kuma/mesh/v1alpha1/zone_proxies_pb.js";
import type { MessageShape } from "@bufbuild/protobuf";
import type { ZoneInsight } from "#gen/kuma/system/v1alpha1/zone_insight_pb.js";
import type { Json, Kinds, Resource } from "#resources";
import type { Store } from "#store";
import { isConnected } from "./proxies.ts";

type ProxyInsight = MessageShape<typeof ZoneIngressInsightSchema> | MessageShape<typeof ZoneEgressInsightSchema> | ZoneInsight;

/** `store` answers for MeshInsight and ServiceInsight too. */
export function globalInsight(store: Store, kinds: Kinds, now: string): Json {
  const meshes = (store.list("MeshInsight") as readonly Resource<MeshInsight>[]).map((it) => it.spec);
  const sum = (of: (insight: MeshInsight) => Stat | undefined) => full(meshes.map(of));
  return {
    createdAt: now,
    dataplanes: { gatewayBuiltin: sum((it) => it.dataplanesByType?.gatewayBuiltin), gatewayDelegated: sum((it) => it.dataplanesByType?.gatewayDelegated), standard: sum((it) => it.dataplanesByType?.standard) },
    meshes: { total: meshes.length },
    policies: { total: meshes.flatMap((it) => Object.values(it.policies)).reduce((all, it) => all + it.total, 0) },
    resources: resourceTotals(store, kinds, meshes),
    services: countServices(store),
    zones: { controlPlanes: connected(store, "ZoneInsight"), zoneEgresses: connected(store, "ZoneEgressInsight"), zoneIngresses: connected(store, "ZoneIngressInsight") },
  };
}

/** Totals of the global kinds (`/global-insights`). */
export function globalTotals(store: Store, kinds: Kinds): Readonly<Record<string, { readonly total: number }>> {
  const counted = kinds.all.filter((it) => it.scope === "Global" && it.name !== "Config" && !it.name.endsWith("Insight"));
  return Object.fromEntries(counted.map((it) => [it.name, { total: store.list(it.name).length }] as const).toSorted(byKey));
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
const add = (stats: readonly (Stat | undefined)[], field: "total" | "online" | "offline" | "partiallyDegraded"): number => stats.reduce((all, it) => all + (it?.[field] ?? 0), 0);
const full = (stats: readonly (Stat | undefined)[]) => ({ offline: add(stats, "offline"), online: add(stats, "online"), partiallyDegraded: add(stats, "partiallyDegraded"), total: add(stats, "total") });

function resourceTotals(store: Store, kinds: Kinds, meshes: readonly MeshInsight[]): Json {
  const totals = new Map<string, number>();
  for (const { resources } of meshes) for (const [name, { total }] of Object.entries(resources)) totals.set(name, (totals.get(name) ?? 0) + total);
  // Of the global kinds only those with a spec are counted here.
  for (const kind of kinds.all) {
    const total = kind.scope === "Global" && kind.shape === "spec" ? store.list(kind.name).length : 0;
    if (total > 0) totals.set(kind.name, total);
  }
  return Object.fromEntries([...totals].toSorted(byKey).map(([name, total]) => [name, { total }]));
}

function countServices(store: Store): Json {
  const services = (store.list("ServiceInsight") as readonly Resource<ServiceInsight>[]).flatMap((it) => Object.values(it.spec.services));
  const byStatus = (type: Type) => {
    const own = services.filter((it) => it.serviceType === type);
    const those = (status: Status) => own.filter((it) => it.status === status).length;
    return { offline: those(Status.offline), online: those(Status.online), partiallyDegraded: those(Status.partially_degraded), total: own.length };
  };
  return {
    external: { total: services.filter((it) => it.serviceType === Type.external).length },
    gatewayBuiltin: byStatus(Type.gateway_builtin),
    gatewayDelegated: byStatus(Type.gateway_delegated),
    internal: byStatus(Type.internal),
  };
}

/** Only what has connected once is counted. */
function connected(store: Store, insightType: string): Json {
  const insights = store.list(insightType) as readonly Resource<ProxyInsight>[];
  const online = insights.filter((it) => isConnected(it.spec.subscriptions)).length;
  return { online, total: insights.length };
}
