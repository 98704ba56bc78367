// The thread of the embedded store. It may be made before anybody can say for which file: it comes up while the rest of the program is still being loaded.
import { Worker } from "node:worker_threads";

let early: { readonly url: string; readonly worker: Worker } | undefined;

// It holds nothing but what it is about to write.
const make = (url: URL): Worker => new Worker(url, { name: "store", resourceLimits: { maxYoungGenerationSizeMb: 4 } });

/** For who will call `takeThread` soon, probably. */
export function makeThreadEarly(url: URL): void {
  const worker = make(url);
  early = { url: url.href, worker };
  // Whoever takes one in its place hears the error again.
  worker.once("error", () => {
    if (early?.worker === worker) early = undefined;
  });
}

/** A thread that waits for its file: the early one, where that runs the same program. */
export function takeThread(url: URL): Worker {
  if (early?.url !== url.href) return make(url);
  const { worker } = early;
  early = undefined;
  return worker;
}

/** There is another store: nobody will take it. */
export async function dropEarlyThread(): Promise<void> {
  const worker = early?.worker;
  early = undefined;
  await worker?.terminate();
}
