// Programs that some tests need: found where set-up puts them; a test whose peer is absent is skipped by name.
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Path of Envoy in the user's cache folder, or undefined. */
export function envoyPath(): string | undefined {
  const path = join(process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? "", ".cache"), "koguma", "envoy-1.40.0", "envoy");
  return existsSync(path) ? path : undefined;
}
