// MeshInsight: what a mesh consists of, counted when asked.
import { create } from "@bufbuild/protobuf";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { Dataplane_Networking_Gateway_GatewayType as GatewayType, Dataplane_Networking_Inbound_State as InboundState } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { DataplaneInsight } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import type { ExternalService } from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import { MeshInsightSchema, type MeshInsight } from "#gen/kuma/mesh/v1alpha1/insights_pb.js";
import { Mesh_MeshServices_Mode as ServicesMode, type Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { tag, type Kinds, type Resource } from "#resources";
import type { Store } from "#store";
import { count, countAt, lastStream, proxyState, tally, type Tally } from "./proxies.ts";

/** Kinds that are not counted: they are counts or states themselves. */
const uncounted = new Set(["DataplaneInsight", "ServiceInsight"]);

export function meshInsight(store: Store, kinds: Kinds, mesh: string): MeshInsight {
  const resources: Record<string, { total: number }> = {};
  const policies: Record<string, { total: number }> = {};
  for (const kind of kinds.all) {
    if (kind.scope !== "Mesh" || uncounted.has(kind.name)) continue;
    const total = store.list(kind.name, { mesh }).length;
    if (total === 0) continue;
    resources[kind.name] = { total };
    if (kind.isPolicy) policies[kind.name] = { total };
  }
  return create(MeshInsightSchema, { ...countProxies(store, mesh), resources, policies, ...(hasOnlyMeshServices(store, mesh) ? {} : { services: countServices(store, mesh) }) });
}

/** Where MeshServices are all there is, the services that tags name are not counted. */
export function hasOnlyMeshServices(store: Store, name: string): boolean {
  const mesh = store.get({ type: "Mesh", mesh: "", name }) as Resource<Mesh> | undefined;
  return mesh?.spec.meshServices?.mode === ServicesMode.Exclusive;
}

function countProxies(store: Store, mesh: string) {
  const dataplanes = tally();
  const byType = { standard: tally(), gateway: tally(), gatewayBuiltin: tally(), gatewayDelegated: tally() };
  const dpVersions: { kumaDp: Record<string, Tally>; envoy: Record<string, Tally> } = { kumaDp: {}, envoy: {} };
  const mTLS: { issuedBackends: Record<string, Tally>; supportedBackends: Record<string, Tally> } = { issuedBackends: {}, supportedBackends: {} };
  for (const [dataplane, insight] of proxiesOf(store, mesh)) {
    const state = proxyState(dataplane.spec, insight);
    count(dataplanes, state);
    count(byType[typeOf(dataplane.spec)], state);
    if (dataplane.spec.networking?.gateway) count(byType.gateway, state);
    const { version } = lastStream(insight) ?? {};
    countAt(dpVersions.kumaDp, version?.kumaDp?.version || "unknown", state);
    countAt(dpVersions.envoy, version?.envoy?.version || "unknown", state);
    if (insight?.mTLS?.issuedBackend) countAt(mTLS.issuedBackends, insight.mTLS.issuedBackend, state);
    for (const backend of insight?.mTLS?.supportedBackends ?? []) countAt(mTLS.supportedBackends, backend, state);
  }
  return { dataplanes, dataplanesByType: byType, dpVersions, mTLS };
}

export function* proxiesOf(store: Store, mesh: string): Iterable<readonly [Resource<Dataplane>, DataplaneInsight | undefined]> {
  for (const dataplane of store.list("Dataplane", { mesh }) as readonly Resource<Dataplane>[]) {
    const insight = store.get({ type: "DataplaneInsight", mesh, name: dataplane.name }) as Resource<DataplaneInsight> | undefined;
    yield [dataplane, insight?.spec];
  }
}

export function typeOf({ networking }: Dataplane): "standard" | "gatewayBuiltin" | "gatewayDelegated" {
  if (!networking?.gateway) return "standard";
  return networking.gateway.type === GatewayType.BUILTIN ? "gatewayBuiltin" : "gatewayDelegated";
}

function countServices(store: Store, mesh: string) {
  const dataplanes = store.list("Dataplane", { mesh }) as readonly Resource<Dataplane>[];
  const internal = new Set(dataplanes.flatMap(({ spec: { networking } }) => [...(networking?.inbound ?? []).filter((it) => it.state !== InboundState.Ignored), ...(networking?.gateway ? [networking.gateway] : [])].flatMap((it) => it.tags[tag.service] ?? [])));
  const external = new Set((store.list("ExternalService", { mesh }) as readonly Resource<ExternalService>[]).flatMap((it) => it.spec.tags[tag.service] ?? []));
  return { total: internal.size + external.size, internal: internal.size, external: external.size };
}
