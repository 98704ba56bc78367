// MeshAccessLog: where proxies write what they served and called.
import { conditionsStatus, definePolicyKind, fromDeprecation, otelBackendRef, otelDeprecation, policyMatch, targetRef } from "#resources";
import { z } from "zod";
import { validateMeshAccessLog } from "./validate.ts";

const format = z.object({
  type: z.enum(["Plain", "Json"]),
  plain: z.string().optional(),
  json: z.array(z.object({ key: z.string(), value: z.string() })).optional(),
  omitEmptyValues: z.boolean().default(false),
});
export type AccessLogFormat = z.infer<typeof format>;

const backend = z.object({
  type: z.enum(["Tcp", "File", "OpenTelemetry"]),
  tcp: z.object({ format: format.optional(), address: z.string().min(1) }).optional(),
  file: z.object({ format: format.optional(), path: z.string().min(1) }).optional(),
  openTelemetry: z
    .object({
      attributes: z.array(z.object({ key: z.string().regex(/^[a-z]([a-z0-9]|[._][a-z0-9])*$/), value: z.string() })).optional(),
      body: z.unknown().optional(),
      endpoint: z.string().default(""),
      backendRef: otelBackendRef.optional(),
    })
    .optional(),
});
export type AccessLogBackend = z.infer<typeof backend>;

const conf = z.object({ backends: z.array(backend).optional() });
export type AccessLogConf = z.infer<typeof conf>;

const item = z.object({ targetRef, default: conf });
const spec = z.object({
  targetRef: targetRef.optional(),
  to: z.array(item).optional(),
  from: z.array(item).optional(),
  rules: z.array(z.object({ matches: z.array(policyMatch).optional(), default: conf })).optional(),
});
export type MeshAccessLogSpec = z.infer<typeof spec>;

export const meshAccessLog = definePolicyKind({
  name: "MeshAccessLog",
  shortName: "mal",
  order: 600,
  sections: ["to", "from", "rules"],
  isFromAsRules: true,
  spec,
  status: conditionsStatus,
  validate: validateMeshAccessLog,
  deprecations: (resource) => {
    const { to = [], from = [], rules = [] } = resource.spec;
    return [...fromDeprecation(resource), ...otelDeprecation([...to, ...from, ...rules].flatMap((it) => it.default.backends ?? []))];
  },
});
