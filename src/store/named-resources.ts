// The resources of one kind and mesh: by name, and as a sorted list that is made from the one before and what changed since.
import type { Resource } from "#resources";

/** Go and Postgres ("C") compare names by their UTF-8 bytes; names are ASCII, so code units agree. */
export const byteOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export class NamedResources {
  readonly #byName = new Map<string, Resource>();
  readonly #changed = new Set<string>();
  #list: readonly Resource[] = [];

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): Resource | undefined {
    return this.#byName.get(name);
  }

  /** Returns what was there before. */
  set(resource: Resource): Resource | undefined {
    const previous = this.#byName.get(resource.name);
    this.#byName.set(resource.name, resource);
    this.#changed.add(resource.name);
    return previous;
  }

  delete(name: string): Resource | undefined {
    const previous = this.#byName.get(name);
    if (this.#byName.delete(name)) this.#changed.add(name);
    return previous;
  }

  /** Sorted by name; the same array until something changes. */
  list(): readonly Resource[] {
    if (this.#changed.size > 0) {
      this.#list = this.#merged();
      this.#changed.clear();
    }
    return this.#list;
  }

  /** A walk over both, not a sort: while a fleet arrives the list is asked for after every few of a thousand. */
  #merged(): readonly Resource[] {
    const before = this.#list;
    const merged: Resource[] = [];
    let at = 0;
    const copyUntil = (isDone: (resource: Resource) => boolean) => {
      for (let next = before[at]; next && !isDone(next); next = before[++at]) merged.push(next);
    };
    for (const name of [...this.#changed].toSorted(byteOrder)) {
      copyUntil((it) => it.name >= name);
      if (before[at]?.name === name) at++;
      const now = this.#byName.get(name);
      if (now) merged.push(now);
    }
    copyUntil(() => false);
    // A copy is as long as it must be; what grew is half empty.
    return merged.slice();
  }
}
