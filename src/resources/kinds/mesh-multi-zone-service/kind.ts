// MeshMultiZoneService: one destination over the MeshServices of many zones.
import { z } from "zod";
import { violation, type Violation } from "../../failure.ts";
import { defineKind, type SpecKind } from "../../kind.ts";
import { nameDeprecations } from "../../names.ts";
import { int32Field } from "../../policy-schema.ts";
import type { Resource } from "../../resource.ts";
import { sniDeprecations } from "../../sni.ts";
import { addressesField, conditionsField, hostnameGeneratorsField, matchLabels, vipsField } from "../status.ts";

const spec = z.object({
  selector: z.object({ meshService: z.object({ matchLabels: matchLabels.optional() }) }),
  ports: z.array(z.object({ name: z.string().optional(), port: int32Field, appProtocol: z.string().default("tcp") })).min(1),
});
export type MeshMultiZoneServiceSpec = z.infer<typeof spec>;

const status = z.object({
  addresses: addressesField,
  vips: vipsField,
  meshServices: z.array(z.object({ name: z.string(), namespace: z.string(), zone: z.string(), mesh: z.string() })).optional(),
  hostnameGenerators: hostnameGeneratorsField,
  conditions: conditionsField,
});
export type MeshMultiZoneServiceStatus = z.infer<typeof status>;
export type MeshMultiZoneService = Resource<MeshMultiZoneServiceSpec, MeshMultiZoneServiceStatus>;

export const meshMultiZoneServiceKind: SpecKind<MeshMultiZoneServiceSpec, MeshMultiZoneServiceStatus> = defineKind<MeshMultiZoneServiceSpec, MeshMultiZoneServiceStatus>({
  name: "MeshMultiZoneService",
  scope: "Mesh",
  path: "meshmultizoneservices",
  shortName: "mzsvc",
  singular: "meshmultizoneservice",
  plural: "meshmultizoneservices",
  displayName: "Mesh Multi Zone Service",
  displayNamePlural: "Mesh Multi Zone Services",
  kds: { globalToZones: true },
  isDestination: true,
  spec,
  status,
  validate: validateMeshMultiZoneService,
  portsOf: ({ ports }) => ports,
  deprecations: (service) => [...nameDeprecations("MeshMultiZoneService", service.name), ...sniDeprecations(meshMultiZoneServiceKind, service)],
});

const protocols = ["grpc", "http", "http2", "kafka", "tcp"];

function validateMeshMultiZoneService({ selector, ports }: MeshMultiZoneServiceSpec): readonly Violation[] {
  return [
    ...(Object.keys(selector.meshService.matchLabels ?? {}).length === 0 ? [violation("spec.selector.meshService.matchLabels", "cannot be empty")] : []),
    ...ports.flatMap((port, at) =>
      protocols.includes(port.appProtocol) ? [] : [violation(`spec.ports[${at}].appProtocol`, `appProtocol must be one of: ${protocols.join(", ")}`)],
    ),
  ];
}
