// Where a bundle keeps the program of the store's thread.

/** A file beside the bundle; undefined when the source runs, which knows its own. `from` is the URL of a module of the bundle. */
export function bundledWorker(from: string): URL | undefined {
  if (!from.includes("/out/")) return undefined;
  return new URL(from.includes("/chunks/") ? "../sqlite-worker.js" : "./sqlite-worker.js", from);
}
