// What will be stored when all that is on its way has been written: kept as the difference from what readers see.
import { keyText, type Resource, type ResourceKey } from "#resources";
import { ResourceIndex } from "./resource-index.ts";

export class Ahead {
  readonly #seen: ResourceIndex;
  readonly #coming = new ResourceIndex();
  readonly #going = new Set<string>();

  constructor(seen: ResourceIndex) {
    this.#seen = seen;
  }

  get(key: ResourceKey): Resource | undefined {
    const coming = this.#coming.get(key);
    if (coming) return coming;
    return this.#going.size > 0 && this.#going.has(keyText(key)) ? undefined : this.#seen.get(key);
  }

  set(resource: Resource): void {
    this.#going.delete(keyText(resource));
    this.#coming.set(resource);
  }

  delete(key: ResourceKey): void {
    this.#coming.delete(key);
    this.#going.add(keyText(key));
  }

  /** Nothing of the key is on its way any more. */
  settle(key: ResourceKey): void {
    this.#coming.delete(key);
    this.#going.delete(keyText(key));
  }

  /** The resource and everything it will own, recursively, owners first. */
  withOwned(key: ResourceKey): readonly ResourceKey[] {
    const found = new Map<string, ResourceKey>([[keyText(key), keyOf(key)]]);
    // A Map visits what is added while it is walked: this is the whole tree, each once.
    for (const owner of found.values()) for (const owned of this.#ownedBy(owner)) found.set(keyText(owned), keyOf(owned));
    return [...found.values()];
  }

  *#ownedBy(owner: ResourceKey): Iterable<Resource> {
    yield* this.#coming.ownedBy(owner);
    // What is being written may leave its owner, or be leaving altogether.
    for (const owned of this.#seen.ownedBy(owner)) if (this.get(owned) === owned) yield owned;
  }
}

const keyOf = ({ type, mesh, name }: ResourceKey): ResourceKey => ({ type, mesh, name });
