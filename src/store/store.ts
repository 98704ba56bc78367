// What every store does, whatever it is made of. One contract test (store.contract.ts) holds for all of them.
import type { Kind, Resource, ResourceKey } from "#resources";

/** A change as seen by followers: `previous` is what this store held before, `current` what it holds now. */
export interface Change {
  readonly key: ResourceKey;
  readonly previous: Resource | undefined;
  /** Undefined when deleted. */
  readonly current: Resource | undefined;
}

export interface ListQuery {
  readonly mesh?: string;
}

/** What is written: the store sets version and times. */
export type NewResource = Omit<Resource, "version" | "creationTime" | "modificationTime">;

export interface Store {
  /** Undefined when absent. Reads are in memory and immediate: a store is an index in front of its disk or database. */
  get(key: ResourceKey): Resource | undefined;
  /** Sorted by mesh, then name, in byte order. The same array while nothing of the kind (and mesh) changes. */
  list(type: string, query?: ListQuery): readonly Resource[];
  /**
   * Writes durably, then resolves with what is stored. `expectedVersion` 0 means "must not exist yet"; any other number must
   * be the stored version. Rejects with a `conflict` KumaError when it is not so; nothing is written then.
   */
  put(resource: NewResource, expectedVersion: number): Promise<Resource>;
  /** Deletes the resource and what it owns, recursively. Resolves to false when it was not there. */
  delete(key: ResourceKey): Promise<boolean>;
  /**
   * Follows changes, in order, each batch once per turn of the event loop; several changes of one key in a batch are one.
   * Returns the function that ends it. Called only after the change is durable.
   */
  follow(onChanges: (changes: readonly Change[]) => void): () => void;
  close(): Promise<void>;
}

/** Turns specs into what a disk or database keeps, and back. Secrets are sealed here; see store/codec.ts. */
export interface Codec {
  kind(type: string): Kind | undefined;
  encode(resource: Resource): string;
  decode(key: ResourceKey, text: string): unknown;
}
