// Programs that some tests need: found where set-up puts them; a test whose peer is absent is skipped by name.
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Path of Envoy in the user's cache folder, or undefined. */
export const envoyPath = (): string | undefined => cached("envoy-1.40.0", "envoy");

/** A Prometheus with `kuma_sd_configs`, which some distributions leave out. */
export const prometheusPath = (): string | undefined => cached("prometheus-0.316.0", "prometheus");

/** Schemathesis, which makes requests from an OpenAPI document, and a validator of such documents beside it. */
export const schemathesisPath = (): string | undefined => cached("schemathesis-4.32.5", "bin/schemathesis");
export const openApiValidatorPath = (): string | undefined => cached("schemathesis-4.32.5", "bin/openapi-spec-validator");

/** True when a program of the system, such as openssl or testssl, is in the PATH. */
export const hasProgram = (name: string): boolean => programPath(name) !== undefined;
export const programPath = (name: string): string | undefined => (process.env.PATH ?? "").split(":").map((folder) => join(folder, name)).find((path) => existsSync(path));

function cached(folder: string, name: string): string | undefined {
  const path = join(process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? "", ".cache"), "koguma", folder, name);
  return existsSync(path) ? path : undefined;
}
