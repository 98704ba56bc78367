// Follows the change stream and writes what a decision finds wrong: coalesced, at its deadlines, again after a failure; never by polling.
import type { Part, Platform } from "#platform";
import { failureOf, keyText, type Resource, type ResourceKey, type Unstored } from "#resources";
import type { Change, Store } from "#store";
import type { WriteDoor } from "#write";

/** What every controller is made with. */
export interface ControllerParts {
  readonly store: Store;
  readonly door: WriteDoor;
  readonly platform: Platform;
}

export type Write =
  /** `change` gets what is stored when it is this write's turn; undefined leaves it as it is. */
  | { readonly is: "update"; readonly key: ResourceKey; readonly change: (current: Resource | undefined) => Unstored | undefined }
  | { readonly is: "remove"; readonly key: ResourceKey };

export interface Decision {
  readonly writes: readonly Write[];
  /** When to decide again although nothing changes, in ms since the epoch; Infinity for never. */
  readonly nextAt: number;
}

export interface Reaction extends ControllerParts {
  readonly name: string;
  /** What is decided on together, e.g. names of meshes, that a change touches. */
  readonly subjectsOf: (change: Change) => Iterable<string>;
  readonly allSubjects: () => Iterable<string>;
  readonly decide: (subject: string) => Decision | Promise<Decision>;
  /** Other news than changes of the store; returns the function that ends it. */
  readonly follow?: (touch: (subject: string) => void) => () => void;
  /** Changes wait this long for their like; also the shortest time between two passes. Decisions that take long wait longer. */
  readonly gapMs: number;
}

const retryMs = 1000;
/** While thousands of proxies arrive, decisions over all of them take a ninth of the time at most. */
const [pauseFactor, longestGapMs] = [8, 2000];
/** A store takes writes of one turn together, but needs no thousand promises for it. */
const writesAtOnce = 200;

export function react(reaction: Reaction): Part {
  return { name: reaction.name, run: (signal) => run(reaction, signal) };
}

async function run(reaction: Reaction, signal: AbortSignal): Promise<void> {
  const { store, platform, gapMs } = reaction;
  const dirty = new Set<string>(reaction.allSubjects());
  const deadlines = new Map<string, number>();
  let spentMs = 0;
  let wake = () => {};
  const unfollow = store.follow((changes) => {
    for (const change of changes) for (const subject of reaction.subjectsOf(change)) dirty.add(subject);
    if (dirty.size > 0) wake();
  });
  const unfollowOthers = reaction.follow?.((subject) => {
    dirty.add(subject);
    wake();
  });
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort);
  const pause = (ms: number, isDone: () => boolean) =>
    new Promise<void>((resolve) => {
      if (isDone()) return resolve();
      const cancel = ms === Infinity ? () => {} : platform.clock.after(ms, () => resolve());
      wake = () => {
        if (!isDone()) return;
        cancel();
        resolve();
      };
    });
  try {
    while (!signal.aborted) {
      const due = Math.min(Infinity, ...deadlines.values());
      await pause(Math.max(0, due - platform.clock.now()), () => dirty.size > 0 || signal.aborted);
      await pause(Math.max(gapMs, Math.min(longestGapMs, spentMs * pauseFactor)), () => signal.aborted);
      if (signal.aborted) return;
      const now = platform.clock.now();
      for (const [subject, at] of deadlines) if (at <= now) dirty.add(subject);
      const subjects = [...dirty];
      dirty.clear();
      spentMs = 0;
      for (const subject of subjects) {
        const startedAt = platform.clock.now();
        const { writes, nextAt } = await reaction.decide(subject);
        spentMs += platform.clock.now() - startedAt;
        const hasFailed = await writeAll(reaction, writes);
        const at = hasFailed ? Math.min(nextAt, platform.clock.now() + retryMs) : nextAt;
        if (at === Infinity) deadlines.delete(subject);
        else deadlines.set(subject, at);
      }
    }
  } finally {
    unfollow();
    unfollowOthers?.();
    signal.removeEventListener("abort", onAbort);
  }
}

/** True when something is worth another try. */
async function writeAll(reaction: Reaction, writes: readonly Write[]): Promise<boolean> {
  let hasFailed = false;
  for (let from = 0; from < writes.length; from += writesAtOnce) {
    const outcomes = await Promise.all(writes.slice(from, from + writesAtOnce).map((it) => write(reaction, it)));
    hasFailed ||= outcomes.includes(false);
  }
  return hasFailed;
}

async function write({ name, door, store, platform }: Reaction, it: Write): Promise<boolean> {
  try {
    if (it.is === "remove") await door.remove({ is: "controller", name }, it.key);
    else await door.update({ is: "controller", name }, it.key, it.change);
    return true;
  } catch (error) {
    const is = failureOf(error)?.is;
    const isGone = is === "not-found" || (it.key.mesh !== "" && !store.get({ type: "Mesh", mesh: "", name: it.key.mesh }));
    // Its mesh, or the resource itself, was deleted meanwhile: the change stream says so too.
    if (isGone) return true;
    platform.log.warn("a controller could not write", { controller: name, resource: keyText(it.key), error });
    // What is refused for what it says will be refused again.
    return is === "invalid";
  }
}

/** Subjects are meshes: a change of one of `kinds` touches its mesh, one of `globalKinds` every mesh. */
export function byMesh(store: Store, kinds: readonly string[], globalKinds: readonly string[] = [], isRelevant: (change: Change) => boolean = () => true): Pick<Reaction, "subjectsOf" | "allSubjects"> {
  const allSubjects = () => store.list("Mesh").map((it) => it.name);
  return {
    allSubjects,
    subjectsOf(change) {
      const { key } = change;
      if (!isRelevant(change)) return [];
      if (key.type === "Mesh") return [key.name];
      if (kinds.includes(key.type)) return [key.mesh];
      return globalKinds.includes(key.type) ? allSubjects() : [];
    },
  };
}
