// A store that answers from memory and writes through a journal: what is read is durable, what arrives together is written together.
import { conflict, keyText, resourceCompactor, unavailable, type Resource, type ResourceKey } from "#resources";
import { reasonOf, type Clock, type Log } from "#platform";
import { Ahead } from "./ahead.ts";
import { Followers } from "./followers.ts";
import { ResourceIndex } from "./resource-index.ts";
import type { ListQuery, NewResource, Store } from "./store.ts";

/** `encoded` is what the journal makes of a resource. */
export type Write<E> = { readonly is: "put"; readonly resource: Resource; readonly encoded: E } | { readonly is: "delete"; readonly key: ResourceKey };

export interface Journal<E> {
  /** Called when a write is asked for: what cannot be encoded fails alone, not with its batch. */
  encode(resource: Resource): E;
  /** Makes writes durable, all or none of a batch. Called with one batch at a time. */
  commit(writes: readonly Write<E>[]): Promise<void>;
  close(): Promise<void>;
}

export interface IndexedStoreOptions<E> {
  readonly journal: Journal<E>;
  /** Compact already. */
  readonly stored: Iterable<Resource>;
  /** The one that made `stored` compact: it knows what there is to share. */
  readonly compact?: (resource: Resource) => Resource;
  readonly clock: Clock;
  readonly log: Log;
  /** Kinds whose loss in a power cut harms nobody: visible at once, written with the next batch or after a second. */
  readonly isLazy?: (type: string) => boolean;
}

interface Waiting<E> {
  readonly writes: readonly Write<E>[];
  resolve(): void;
  reject(error: unknown): void;
}

const lazyAfterMs = 1000;

export function indexedStore<E>(options: IndexedStoreOptions<E>): Store {
  return new IndexedStore(options);
}

class IndexedStore<E> implements Store {
  readonly #journal: Journal<E>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #isLazy: (type: string) => boolean;
  readonly #followers: Followers;
  /** What readers see: durable. */
  readonly #seen = new ResourceIndex();
  /** What will be seen when all that is on its way has been written; versions are checked against this. */
  readonly #ahead = new Ahead(this.#seen);
  readonly #compact: (resource: Resource) => Resource;
  readonly #underway = new Map<string, number>();
  readonly #lazy = new Map<string, Write<E>>();
  #queue: Waiting<E>[] = [];
  #running: Promise<void> | undefined;
  #cancelLazy: (() => void) | undefined;
  #closed = false;
  /** Since the journal last failed and until it takes a write again. */
  #outage: { readonly refused: number } | undefined;

  constructor(options: IndexedStoreOptions<E>) {
    this.#journal = options.journal;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#compact = options.compact ?? resourceCompactor();
    this.#isLazy = options.isLazy ?? (() => false);
    this.#followers = new Followers((error) => options.log.error("a follower of the store failed", { error }));
    for (const resource of options.stored) this.#seen.set(resource);
  }

  get(key: ResourceKey): Resource | undefined {
    return this.#seen.get(key);
  }

  list(type: string, query: ListQuery = {}): readonly Resource[] {
    return this.#seen.list(type, query.mesh);
  }

  follow(onChanges: Parameters<Store["follow"]>[0]): () => void {
    return this.#followers.follow(onChanges);
  }

  async put(resource: NewResource, expectedVersion: number): Promise<Resource> {
    this.#mustBeOpen();
    const previous = this.#ahead.get(resource);
    const what = `type="${resource.type}" name="${resource.name}" mesh="${resource.mesh}"`;
    if (expectedVersion === 0 && previous) throw conflict(`resource already exists: ${what}`);
    if (expectedVersion !== 0 && previous?.version !== expectedVersion) throw conflict(`resource conflict: ${what}`);
    if (resource.owner && !this.#ahead.get(resource.owner)) throw conflict(`resource conflict: ${what}: its owner ${keyText(resource.owner)} does not exist`);
    const now = this.#clock.now();
    const stored = this.#compact({ ...resource, version: (previous?.version ?? 0) + 1, creationTime: previous?.creationTime ?? now, modificationTime: now });
    const write: Write<E> = { is: "put", resource: stored, encoded: this.#journal.encode(stored) };
    this.#ahead.set(stored);
    if (this.#isLazy(stored.type) && !this.#underway.has(keyText(stored)) && !this.#ownerIsUnderway(stored)) this.#writeLazily(write);
    else await this.#writeDurably([write]);
    return stored;
  }

  async delete(key: ResourceKey): Promise<boolean> {
    this.#mustBeOpen();
    if (!this.#ahead.get(key)) return false;
    const keys = this.#ahead.withOwned(key);
    for (const it of keys) this.#ahead.delete(it);
    await this.#writeDurably(keys.map((it) => ({ is: "delete", key: it })));
    return true;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelLazy?.();
    while (this.#queue.length > 0 || this.#lazy.size > 0 || this.#running) {
      this.#start();
      await this.#running;
    }
    await this.#journal.close();
  }

  #mustBeOpen(): void {
    if (this.#closed) throw unavailable("the store is closed");
  }

  #ownerIsUnderway(resource: Resource): boolean {
    return resource.owner !== undefined && this.#underway.has(keyText(resource.owner));
  }

  #writeLazily(write: Write<E>): void {
    this.#show(write);
    this.#ahead.settle(subject(write));
    this.#lazy.set(keyText(subject(write)), write);
    this.#cancelLazy ??= this.#clock.after(lazyAfterMs, () => this.#start());
  }

  #writeDurably(writes: readonly Write<E>[]): Promise<void> {
    for (const write of writes) {
      const text = keyText(subject(write));
      this.#underway.set(text, (this.#underway.get(text) ?? 0) + 1);
      this.#lazy.delete(text);
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ writes, resolve, reject });
      // Everything that is asked for in this turn shares the transaction.
      if (!this.#running) queueMicrotask(() => this.#start());
    });
  }

  #start(): void {
    if (this.#running || (this.#queue.length === 0 && this.#lazy.size === 0)) return;
    this.#running = this.#commitAll();
  }

  async #commitAll(): Promise<void> {
    try {
      do await this.#commitBatch();
      while (this.#queue.length > 0);
    } finally {
      // In the same step as the last look at the queue: who queues after it starts anew.
      this.#running = undefined;
    }
  }

  async #commitBatch(): Promise<void> {
    const batch = this.#queue;
    const lazy = [...this.#lazy.values()];
    this.#queue = [];
    this.#lazy.clear();
    this.#cancelLazy?.();
    this.#cancelLazy = undefined;
    try {
      await this.#journal.commit([...lazy, ...batch.flatMap((it) => it.writes)]);
    } catch (error) {
      // What came after may build on what failed: nothing of it holds.
      const later = this.#queue;
      this.#queue = [];
      this.#giveUp([...batch, ...later], error);
      this.#keepLazy(lazy);
      return;
    }
    if (this.#outage) this.#log.info("the store writes again", { refusedMeanwhile: this.#outage.refused });
    this.#outage = undefined;
    for (const waiting of batch) {
      for (const write of waiting.writes) {
        this.#arrived(write);
        this.#show(write);
      }
      waiting.resolve();
    }
  }

  /** Lazy writes wait for better times, unless something newer was written since or there will be no later. */
  #keepLazy(writes: readonly Write<E>[]): void {
    if (this.#closed) return;
    for (const write of writes) {
      const isLatest = write.is === "put" && this.#seen.get(write.resource) === write.resource;
      if (isLatest) this.#lazy.set(keyText(write.resource), write);
    }
    if (this.#lazy.size > 0) this.#cancelLazy ??= this.#clock.after(lazyAfterMs, () => this.#start());
  }

  #giveUp(waiting: readonly Waiting<E>[], error: unknown): void {
    const writes = waiting.flatMap((it) => it.writes);
    for (const write of writes) this.#arrived(write);
    // Once for an outage: who writes hears of it each time.
    if (!this.#outage) this.#log.error("the store cannot write; what is stored is served, writes are refused until this is mended", { error });
    this.#outage = { refused: (this.#outage?.refused ?? 0) + waiting.length };
    for (const it of waiting) it.reject(unavailable(`the store could not write: ${reasonOf(error)}`, { cause: error }));
  }

  #arrived(write: Write<E>): void {
    const text = keyText(subject(write));
    const count = (this.#underway.get(text) ?? 1) - 1;
    if (count > 0) return void this.#underway.set(text, count);
    this.#underway.delete(text);
    this.#ahead.settle(subject(write));
  }

  #show(write: Write<E>): void {
    const { type, mesh, name } = subject(write);
    const previous = write.is === "put" ? this.#seen.set(write.resource) : this.#seen.delete(write.key);
    this.#followers.note({ key: { type, mesh, name }, previous, current: write.is === "put" ? write.resource : undefined });
  }
}

const subject = (write: Write<unknown>): ResourceKey => (write.is === "put" ? write.resource : write.key);
