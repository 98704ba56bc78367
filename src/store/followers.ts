// The stream of changes: collected while the program runs, told once per turn of the event loop, one change per key.
import { keyText } from "#resources";
import type { Change } from "./store.ts";

export class Followers {
  readonly #listeners = new Set<(changes: readonly Change[]) => void>();
  readonly #onError: (error: unknown) => void;
  #pending = new Map<string, Change>();

  /** `onError` hears what a follower threw; the others are still told. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  follow(listener: (changes: readonly Change[]) => void): () => void {
    // A wrapper per call, so that one function may follow twice.
    const own = (changes: readonly Change[]) => listener(changes);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  note(change: Change): void {
    if (this.#pending.size === 0) setImmediate(() => this.#tell());
    const text = keyText(change.key);
    const earlier = this.#pending.get(text);
    // Deleting and inserting again keeps the batch in the order of the last change.
    this.#pending.delete(text);
    this.#pending.set(text, earlier ? { ...change, previous: earlier.previous } : change);
  }

  #tell(): void {
    // Made and deleted within one turn: nobody has seen it.
    const changes = [...this.#pending.values()].filter((it) => it.previous !== undefined || it.current !== undefined);
    this.#pending = new Map();
    if (changes.length === 0) return;
    for (const listener of [...this.#listeners]) {
      try {
        listener(changes);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
