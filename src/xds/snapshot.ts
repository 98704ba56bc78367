// What one proxy should have at this moment, by type.
import type { Sealed } from "#envoy";
import { memoOn, memoOnBoth, weakByText } from "#mesh";
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
  if (type === typeUrl.endpoints) return endpointsOf(snapshot.endpoints, names);
  return type === typeUrl.secret ? named(snapshot.secrets, names) : [];
}

const named = (all: ReadonlyMap<string, Sealed>, names: ReadonlySet<string>): readonly Sealed[] => [...names].flatMap((name) => all.get(name) ?? []);

/** Proxies with the same clusters ask for the same endpoints: one list for all of them. */
const endpointsOf = memoOnBoth(named);

/** The names of a request as a set; the same set for the same array. */
export const namesOf = memoOn((names: readonly string[]): ReadonlySet<string> => new Set(names));

/** Names that read the same become one array: an acknowledgement repeats those of the request before. */
export function namesInterner(): (names: readonly string[]) => readonly string[] {
  const known = weakByText<readonly string[]>();
  return (names) => {
    if (names.length === 0) return noNames;
    const key = names.join("\n");
    const existing = known.get(key);
    if (existing) return existing;
    known.set(key, names);
    return names;
  };
}

const noNames: readonly string[] = [];
