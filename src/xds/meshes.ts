// Views of meshes, made anew as the store changes: followed, never polled; many changes at once are one new view.
import { meshView, type MeshSettings, type MeshView } from "#mesh";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { inSlices, type Clock } from "#platform";
import type { Kind, Resource } from "#resources";
import type { Change, Store } from "#store";
import { awaitedBackend, tlsReadyServices } from "./tls-readiness.ts";

export interface Meshes {
  /** The newest view, or undefined when there is no such mesh. */
  current(mesh: string): MeshView | undefined;
  /** Calls back with each new view of the mesh; undefined when it was deleted. Returns the function that ends it. */
  follow(mesh: string, onView: (view: MeshView | undefined) => void): () => void;
  /** Somebody waits for what the next view brings, whatever kind of change that is. */
  hurry(mesh: string): void;
  close(): void;
}

export interface MeshesOptions {
  readonly store: Store;
  readonly kinds: readonly Kind[];
  readonly zone: string;
  readonly settings: MeshSettings;
  readonly clock: Clock;
  /** Shortest time between two views of one mesh: a storm of changes becomes a few views. */
  readonly minGapMs: number;
}

/** What people write waits at most the first, proxies that come and go at most the second. */
const [maxGapMs, maxArrivalGapMs] = [500, 8000];
/** A pass that takes long is followed by a pause that many times as long: while a thousand proxies arrive, nine tenths of the time go to them. */
const pauseFactor = 8;
const arrivingKinds: ReadonlySet<string> = new Set(["Dataplane", "MeshService", "Config"]);

/** Kinds that never change what a proxy is sent: who is connected, and what others computed for display. */
const isStatusKind = (kind: Kind): boolean => kind.name.endsWith("Insight") || kind.name === "Zone";

export function followMeshes({ store, kinds, zone, settings, clock, minGapMs }: MeshesOptions): Meshes {
  const watched = kinds.filter((kind) => !isStatusKind(kind) && kind.name !== "Mesh");
  const scopes = new Map(watched.map((kind) => [kind.name, kind.scope]));
  const views = new Map<string, MeshView>();
  const followers = new Map<string, Set<(view: MeshView | undefined) => void>>();
  const dirty = new Set<string>();
  const hurried = new Set<string>();
  let cancelPass: (() => void) | undefined;
  let dueAt = Infinity;
  let isPassing = false;
  /** What came during a pass: nothing, only arrivals, or something that people wait for. */
  let waiting: "nothing" | "arrivals" | "writes" = "nothing";
  let [lastEnd, pauseMs] = [0, 0];

  const build = (name: string): MeshView | undefined => {
    const mesh = store.get({ type: "Mesh", mesh: "", name });
    if (!mesh) return undefined;
    const lists = new Map(watched.map((kind) => [kind.name, store.list(kind.name, kind.scope === "Mesh" ? { mesh: name } : {})]));
    return meshView({ mesh: mesh as Resource<Mesh>, zone, settings, lists, tlsReadyServices: tlsReadyServices(store, mesh as Resource<Mesh>) });
  };
  /** Where plain text is taken too, certificates that proxies got decide how services are called. */
  const asksReadiness = (name: string): boolean => {
    const view = views.get(name);
    return view !== undefined && awaitedBackend(view.mesh) !== undefined;
  };
  const pass = () => {
    dueAt = Infinity;
    isPassing = true;
    const names = [...dirty];
    dirty.clear();
    for (const name of names) hurried.delete(name);
    const calls = names.flatMap((name) => {
      views.delete(name);
      const its = [...(followers.get(name) ?? [])];
      // Where no proxy is connected nobody waits for a view: the next that asks makes it.
      if (its.length === 0) return [];
      const view = build(name);
      if (view) views.set(name, view);
      return its.map((notify) => ({ name, notify, view }));
    });
    // In slices: what the first ones send is on its way while the last ones are still planned.
    cancelPass = inSlices(calls, (call) => (followers.get(call.name)?.has(call.notify) ? call.notify(call.view) : undefined), { clock, onEnd: passed });
  };
  const passed = (spentMs: number) => {
    isPassing = false;
    lastEnd = clock.now();
    pauseMs = Math.max(minGapMs, spentMs * pauseFactor);
    const came = waiting;
    waiting = "nothing";
    if (came !== "nothing") schedule(came === "arrivals");
  };
  const schedule = (isArrival: boolean) => {
    if (isPassing) {
      if (!isArrival || waiting === "nothing") waiting = isArrival ? "arrivals" : "writes";
      return;
    }
    const now = clock.now();
    const at = Math.max(now, lastEnd + Math.min(isArrival ? maxArrivalGapMs : maxGapMs, pauseMs));
    if (at >= dueAt) return;
    cancelPass?.();
    dueAt = at;
    cancelPass = clock.after(at - now, pass);
  };
  const isAwaited = () => [...dirty].some((name) => hurried.has(name));
  const changed = (name: string) => {
    if (views.has(name) || followers.has(name)) dirty.add(name);
  };
  const onChanges = (changes: readonly Change[]) => {
    for (const { key } of changes) {
      if (key.type === "Mesh") changed(key.name);
      else if (scopes.get(key.type) === "Mesh" || (key.type === "DataplaneInsight" && asksReadiness(key.mesh))) changed(key.mesh);
      else if (scopes.get(key.type) === "Global") for (const name of [...views.keys(), ...followers.keys()]) changed(name);
    }
    if (dirty.size > 0) schedule(!isAwaited() && changes.every(({ key }) => key.type !== "Mesh" && (arrivingKinds.has(key.type) || !scopes.has(key.type))));
  };
  const stop = store.follow(onChanges);
  return {
    current(mesh) {
      let view = views.get(mesh);
      if (!view) {
        view = build(mesh);
        if (view) views.set(mesh, view);
      }
      return view;
    },
    follow(mesh, onView) {
      const its = followers.get(mesh) ?? new Set();
      followers.set(mesh, its.add(onView));
      return () => {
        its.delete(onView);
        if (its.size === 0 && followers.get(mesh) === its) followers.delete(mesh);
      };
    },
    hurry(mesh) {
      hurried.add(mesh);
      if (dirty.has(mesh)) schedule(false);
    },
    close() {
      stop();
      cancelPass?.();
    },
  };
}
