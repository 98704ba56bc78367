// MeshOpenTelemetryBackend: a collector that policies refer to.
import { z } from "zod";
import { violation, type Violation } from "../../failure.ts";
import { defineKind } from "../../kind.ts";
import { int32Field } from "../../policy-schema.ts";
import type { Resource } from "../../resource.ts";
import { isHost, isPort } from "../field-rules.ts";
import { conditionsField } from "../status.ts";

const spec = z.object({
  endpoint: z.object({ address: z.string().optional(), port: int32Field.optional(), path: z.string().optional() }).optional(),
  protocol: z.enum(["grpc", "http"]).optional(),
  env: z
    .object({
      mode: z.enum(["Disabled", "Optional", "Required"]).default("Optional"),
      precedence: z.enum(["ExplicitFirst", "EnvFirst"]).default("EnvFirst"),
      allowSignalOverrides: z.boolean().optional(),
    })
    .optional(),
});
export type MeshOpenTelemetryBackendSpec = z.infer<typeof spec>;
const status = z.object({ conditions: conditionsField });
export type MeshOpenTelemetryBackendStatus = z.infer<typeof status>;
export type MeshOpenTelemetryBackend = Resource<MeshOpenTelemetryBackendSpec, MeshOpenTelemetryBackendStatus>;

export const meshOpenTelemetryBackendKind = defineKind<MeshOpenTelemetryBackendSpec, MeshOpenTelemetryBackendStatus>({
  name: "MeshOpenTelemetryBackend",
  scope: "Mesh",
  path: "meshopentelemetrybackends",
  shortName: "motb",
  singular: "meshopentelemetrybackend",
  plural: "meshopentelemetrybackends",
  displayName: "Mesh OpenTelemetry Backend",
  displayNamePlural: "Mesh OpenTelemetry Backends",
  kds: { globalToZones: true, zoneToGlobal: true },
  systemNamespaceOnly: true,
  spec,
  status,
  validate: validateBackend,
});

function validateBackend({ endpoint, protocol = "grpc" }: MeshOpenTelemetryBackendSpec): readonly Violation[] {
  const { address, port, path } = endpoint ?? {};
  const at = "spec.endpoint";
  return [
    ...(address === undefined || isHost(address) ? [] : [violation(`${at}.address`, address === "" ? "must not be empty" : "address has to be a valid IP or hostname")]),
    ...(port === undefined || isPort(port) ? [] : [violation(`${at}.port`, "port must be a valid (1-65535)")]),
    ...(path === undefined ? [] : validatePath(`${at}.path`, path, protocol)),
  ];
}

function validatePath(field: string, path: string, protocol: string): readonly Violation[] {
  if (protocol === "grpc") return [violation(field, "must not be set when protocol is grpc")];
  return [
    ...(path.startsWith("/") ? [] : [violation(field, "must start with /")]),
    ...(/[?#]/.test(path) ? [violation(field, "must not contain query or fragment")] : []),
  ];
}
