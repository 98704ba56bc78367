// The truth: what is stored, and the stream of its changes.
export type { Change, Codec, ListQuery, NewResource, Store } from "./store.ts";
export { memoryStore } from "./memory/memory.ts";
