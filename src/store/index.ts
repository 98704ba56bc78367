// The truth: what is stored, and the stream of its changes.
export type { Change, Codec, ListQuery, NewResource, Store } from "./store.ts";
export { memoryStore } from "./memory/memory.ts";
export { sqliteStore, type SqliteOptions } from "./sqlite/sqlite.ts";
export { jsonCodec, type Sealing } from "./codec.ts";
export { indexedStore, type IndexedStoreOptions, type Journal, type Write } from "./indexed.ts";
