// Where telemetry policies send OpenTelemetry data: an inline endpoint (deprecated) or a MeshOpenTelemetryBackend by labels.
import { z } from "zod";
import { violation, type Violation } from "./failure.ts";

export const otelBackendRef = z.object({ kind: z.enum(["MeshOpenTelemetryBackend"]), labels: z.record(z.string(), z.string()).optional() });

export interface OtelBackend {
  readonly endpoint?: string | undefined;
  readonly backendRef?: z.infer<typeof otelBackendRef> | undefined;
}

/** `path` is that of the `openTelemetry` object. */
export function validateOtelBackend(path: string, { endpoint, backendRef }: OtelBackend, port: "port required" | "port optional"): Violation[] {
  if (endpoint && backendRef) return [violation(path, "openTelemetry must have only one type defined: endpoint, backendRef")];
  if (!endpoint && !backendRef) return [violation(path, "openTelemetry must have exactly one defined: endpoint, backendRef")];
  if (backendRef) return Object.keys(backendRef.labels ?? {}).length ? [] : [violation(`${path}.backendRef`, "backendRef must have exactly one defined: labels")];
  if (endpoint && /[/?#]/.test(endpoint)) return [violation(`${path}.endpoint`, "must be in host:port format, not a URL")];
  if (port === "port required" && endpoint && !/^.+:\d+$/.test(endpoint)) return [violation(`${path}.endpoint`, "must be in host:port format")];
  return [];
}

/** The warning about inline endpoints among `backends`. */
export function otelDeprecation(backends: readonly { readonly openTelemetry?: OtelBackend | undefined }[] | undefined): readonly string[] {
  if (!backends?.some((backend) => backend.openTelemetry?.endpoint)) return [];
  return ["openTelemetry.endpoint is deprecated, use openTelemetry.backendRef with a MeshOpenTelemetryBackend resource instead"];
}
