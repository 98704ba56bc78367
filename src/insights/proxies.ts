// A proxy as people count it: connected or not, all of it ready or only a part, its versions.
import { Dataplane_Networking_Inbound_State as InboundState, Dataplane_Networking_Listener_State as ListenerState, type Dataplane, type Dataplane_Networking_Inbound as Inbound } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { isHealthy } from "#mesh";
import type { DataplaneInsight, DiscoverySubscription } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";

export type ProxyState = "online" | "offline" | "partiallyDegraded";

export const lastStream = (insight: DataplaneInsight | undefined): DiscoverySubscription | undefined => insight?.subscriptions.at(-1);
export const isConnected = (subscriptions: readonly { readonly connectTime?: unknown; readonly disconnectTime?: unknown }[]): boolean => {
  const last = subscriptions.at(-1);
  return last?.connectTime !== undefined && last.disconnectTime === undefined;
};

/** A gateway is as online as its stream; others also need inbounds and listeners that are ready. */
export function proxyState({ networking }: Dataplane, insight: DataplaneInsight | undefined): ProxyState {
  if (!isConnected(insight?.subscriptions ?? [])) return "offline";
  if (!networking || networking.gateway) return "online";
  const ready = [...networking.inbound.map(isReady), ...networking.listeners.map((it) => it.state !== ListenerState.NotReady)];
  if (ready.every(Boolean)) return ready.length > 0 ? "online" : "offline";
  return ready.some(Boolean) ? "partiallyDegraded" : "offline";
}

/** `Ignored` counts as ready: nobody waits for it. */
export function isReady(inbound: Inbound): boolean {
  return inbound.state === InboundState.Ignored || isHealthy(inbound);
}

/** Mutable counts by state, as insights show them. */
export interface Tally {
  total: number;
  online: number;
  offline: number;
  partiallyDegraded: number;
}

export const tally = (): Tally => ({ total: 0, online: 0, offline: 0, partiallyDegraded: 0 });

export function count(into: Tally, state: ProxyState): void {
  into.total++;
  into[state]++;
}

export function countAt(map: Record<string, Tally>, key: string, state: ProxyState): void {
  count((map[key] ??= tally()), state);
}
