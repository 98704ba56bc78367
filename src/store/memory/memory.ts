// A store that forgets when its process ends: for tests, demos and stores kept elsewhere.
import type { Clock, Log } from "#platform";
import { indexedStore } from "../indexed.ts";
import type { Store } from "../store.ts";

export function memoryStore(platform: { readonly clock: Clock; readonly log: Log }): Store {
  const journal = { encode: () => undefined, commit: async () => {}, close: async () => {} };
  return indexedStore({ journal, stored: [], clock: platform.clock, log: platform.log });
}
