// Documents the control plane has for this kuma-dp: fetched over Envoy's socket, each handed on when it has changed (spec/dataplane.md 2.6).
import { sleep, type Platform } from "#platform";
import { httpClient } from "#security";

export interface FollowOptions {
  readonly socketPath: string;
  readonly intervalMs: number;
  /** By path. A handler that fails is called again with the same document. */
  readonly handlers: ReadonlyMap<string, (body: string) => void | Promise<void>>;
  readonly platform: Platform;
}

const maxDocumentBytes = 32 * 1024 * 1024;

/** The returned function ends it. */
export function followDocuments({ socketPath, intervalMs, handlers, platform }: FollowOptions): () => Promise<void> {
  const log = platform.log.child("dynamic-config");
  const client = httpClient({ url: "http://localhost", socketPath, timeoutMs: 5000, maxResponseBytes: maxDocumentBytes });
  const versions = new Map<string, string>();
  const stop = new AbortController();
  const fetchOne = async (path: string, handle: (body: string) => void | Promise<void>) => {
    const known = versions.get(path);
    // No socket yet, or no longer: Envoy is on its way up or down, and what is known stays good.
    const answer = await client.request({ path, signal: stop.signal, ...(known === undefined ? {} : { headers: { "if-none-match": known } }) }).catch(() => undefined);
    if (answer?.status !== 200) return;
    try {
      await handle(answer.body.toString("utf8"));
    } catch (error) {
      return log.warn("a document of the control plane could not be used", { path, error });
    }
    const { etag } = answer.headers;
    if (etag !== undefined) versions.set(path, etag);
  };
  const run = async () => {
    while (!stop.signal.aborted) {
      for (const [path, handle] of handlers) await fetchOne(path, handle);
      await sleep(platform.clock, intervalMs, stop.signal).catch(() => {});
    }
  };
  const ended = run();
  return async () => {
    stop.abort(new Error("stopped"));
    client.close();
    await ended;
  };
}
