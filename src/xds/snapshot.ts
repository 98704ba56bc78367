// What one proxy should have at this moment, by type.
import type { Sealed } from "#envoy";
import { typeUrl } from "./wire.ts";

export interface Snapshot {
  readonly clusters: readonly Sealed[];
  readonly listeners: readonly Sealed[];
  readonly endpoints: ReadonlyMap<string, Sealed>;
  readonly secrets: ReadonlyMap<string, Sealed>;
}

/** Order of sending: a cluster before its endpoints, both before the listeners that use them. */
export const sendOrder: readonly string[] = [typeUrl.cluster, typeUrl.endpoints, typeUrl.listener, typeUrl.route, typeUrl.secret];

/** Types whose subscription is "everything there is". */
export const isWildcard = (type: string): boolean => type === typeUrl.cluster || type === typeUrl.listener;

/** The resources of a type, of those asked for. Names nobody knows are left out. */
export function select(snapshot: Snapshot, type: string, names: ReadonlySet<string>): readonly Sealed[] {
  if (type === typeUrl.cluster) return snapshot.clusters;
  if (type === typeUrl.listener) return snapshot.listeners;
  const all = type === typeUrl.endpoints ? snapshot.endpoints : type === typeUrl.secret ? snapshot.secrets : undefined;
  if (!all) return [];
  return [...names].flatMap((name) => all.get(name) ?? []);
}
