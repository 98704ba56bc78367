// SPIFFE ids that proxies show: known for a moment longer than they are shown, since handshakes and connections that began with one go on.
import type { Clock } from "#platform";

/** SPIFFE ids of MeshIdentities that proxies are known to show, or did until a moment ago. */
export interface ShownIds {
  of(mesh: string, dataplane: string): readonly string[];
  /** Calls back when a proxy of the mesh shows another than before. Returns the function that ends it. */
  follow(listener: (mesh: string) => void): () => void;
}

export interface Showing {
  now(spiffeId: string | undefined): void;
  /** The proxy has left; it may be back with the certificate that it had. */
  leave(): void;
}

/** Handshakes that began with the certificate before still end; who has left is given longer. */
const [graceMs, absenceMs] = [2000, 30_000];

export function shownIds(clock: Clock): ShownIds & { enter(mesh: string, dataplane: string): Showing } {
  /** By mesh and proxy: ids, each with the number of streams that show it. */
  const byProxy = new Map<string, Map<string, number>>();
  const listeners = new Set<(mesh: string) => void>();
  const keyOf = (mesh: string, dataplane: string) => `${mesh}/${dataplane}`;
  const count = (mesh: string, dataplane: string, id: string, by: 1 | -1) => {
    const key = keyOf(mesh, dataplane);
    const ids = byProxy.get(key) ?? new Map<string, number>();
    byProxy.set(key, ids);
    const before = ids.get(id) ?? 0;
    if (before + by > 0) ids.set(id, before + by);
    else ids.delete(id);
    if (ids.size === 0) byProxy.delete(key);
    if (before === 0 || before + by === 0) for (const tell of listeners) tell(mesh);
  };
  return {
    of: (mesh, dataplane) => [...(byProxy.get(keyOf(mesh, dataplane))?.keys() ?? [])],
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    enter(mesh, dataplane) {
      let shown: string | undefined;
      const forgetIn = (ms: number, id: string | undefined) => id !== undefined && clock.after(ms, () => count(mesh, dataplane, id, -1));
      return {
        now(spiffeId) {
          if (spiffeId === shown) return;
          if (spiffeId !== undefined) count(mesh, dataplane, spiffeId, 1);
          forgetIn(graceMs, shown);
          shown = spiffeId;
        },
        leave() {
          forgetIn(absenceMs, shown);
          shown = undefined;
        },
      };
    },
  };
}
