// MeshService: a destination made of dataplanes.
import { z } from "zod";
import { violation, type Violation } from "../../failure.ts";
import { defineKind, type SpecKind } from "../../kind.ts";
import { nameDeprecations } from "../../names.ts";
import { int32Field, intOrString } from "../../policy-schema.ts";
import type { Resource } from "../../resource.ts";
import { sniDeprecations } from "../../sni.ts";
import { addressesField, hostnameGeneratorsField, matchLabels, vipsField } from "../status.ts";

const spec = z.object({
  state: z.enum(["Available", "Unavailable"]).default("Unavailable"),
  selector: z
    .object({
      dataplaneTags: z.record(z.string(), z.string()).optional(),
      dataplaneRef: z.object({ name: z.string().optional() }).optional(),
      dataplaneLabels: z.object({ matchLabels: matchLabels.optional() }).optional(),
    })
    .default({}),
  ports: z
    .array(z.object({ name: z.string().optional(), port: int32Field, targetPort: intOrString.optional(), appProtocol: z.string().default("tcp") }))
    .optional(),
  identities: z.array(z.object({ type: z.enum(["ServiceTag", "SpiffeID"]), value: z.string() })).optional(),
});
export type MeshServiceSpec = z.infer<typeof spec>;

const status = z.object({
  addresses: addressesField,
  vips: vipsField,
  tls: z.object({ status: z.enum(["Ready", "NotReady"]).optional() }).default({}),
  hostnameGenerators: hostnameGeneratorsField,
  dataplaneProxies: z.object({ connected: z.int().optional(), healthy: z.int().optional(), total: z.int().optional() }).default({}),
});
export type MeshServiceStatus = z.infer<typeof status>;
export type MeshService = Resource<MeshServiceSpec, MeshServiceStatus>;

export const meshServiceKind: SpecKind<MeshServiceSpec, MeshServiceStatus> = defineKind<MeshServiceSpec, MeshServiceStatus>({
  name: "MeshService",
  scope: "Mesh",
  path: "meshservices",
  shortName: "msvc",
  singular: "meshservice",
  plural: "meshservices",
  displayName: "Mesh Service",
  displayNamePlural: "Mesh Services",
  kds: { zoneToGlobal: true, zoneToZone: true },
  isDestination: true,
  spec,
  status,
  validate: validateMeshService,
  portsOf: ({ ports = [] }) => ports,
  deprecations: (service) => [...nameDeprecations("MeshService", service.name), ...sniDeprecations(meshServiceKind, service)],
});

function validateMeshService({ selector }: MeshServiceSpec): readonly Violation[] {
  const chosen = [selector.dataplaneTags, selector.dataplaneRef, selector.dataplaneLabels].filter((it) => it !== undefined);
  return chosen.length > 1 ? [violation("spec.selector", "must specify only one of: dataplaneTags, dataplaneRef, or dataplaneLabels")] : [];
}
