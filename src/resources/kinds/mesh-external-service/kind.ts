// MeshExternalService: a destination outside the mesh.
import { z } from "zod";
import { defineKind, type SpecKind } from "../../kind.ts";
import { nameDeprecations } from "../../names.ts";
import { int32Field, portField } from "../../policy-schema.ts";
import type { Resource } from "../../resource.ts";
import { sniDeprecations } from "../../sni.ts";
import { addressesField, extensionConfig, hostnameGeneratorsField } from "../status.ts";
import { validateMeshExternalService } from "./validate.ts";

/** Bytes in base64; never empty. */
const bytes = z.string().min(1).base64();
const secretSource = z.object({ inline: bytes.optional(), inlineString: z.string().optional(), secret: z.string().optional() });
const tlsVersion = z.enum(["TLSAuto", "TLS10", "TLS11", "TLS12", "TLS13"]).default("TLSAuto");

const spec = z.object({
  match: z.object({ type: z.enum(["HostnameGenerator"]).default("HostnameGenerator"), port: portField, protocol: z.enum(["tcp", "grpc", "http", "http2"]).default("tcp") }),
  extension: z.object({ type: z.string(), config: extensionConfig }).optional(),
  endpoints: z.array(z.object({ address: z.string().min(1), port: portField, priority: int32Field.min(0).max(128).optional() })).optional(),
  tls: z
    .object({
      enabled: z.boolean().default(false),
      version: z.object({ min: tlsVersion, max: tlsVersion }).optional(),
      allowRenegotiation: z.boolean().default(false),
      verification: z
        .object({
          mode: z.enum(["SkipSAN", "SkipCA", "Secured", "SkipAll"]).default("Secured"),
          serverName: z.string().optional(),
          subjectAltNames: z.array(z.object({ type: z.enum(["Exact", "Prefix"]).default("Exact"), value: z.string() })).optional(),
          caCert: secretSource.optional(),
          clientCert: secretSource.optional(),
          clientKey: secretSource.optional(),
        })
        .optional(),
    })
    .optional(),
});
export type MeshExternalServiceSpec = z.infer<typeof spec>;

const status = z.object({ vip: z.object({ ip: z.string().optional() }).default({}), addresses: addressesField, hostnameGenerators: hostnameGeneratorsField });
export type MeshExternalServiceStatus = z.infer<typeof status>;
export type MeshExternalService = Resource<MeshExternalServiceSpec, MeshExternalServiceStatus>;

export const meshExternalServiceKind: SpecKind<MeshExternalServiceSpec, MeshExternalServiceStatus> = defineKind<MeshExternalServiceSpec, MeshExternalServiceStatus>({
  name: "MeshExternalService",
  scope: "Mesh",
  path: "meshexternalservices",
  shortName: "extsvc",
  singular: "meshexternalservice",
  plural: "meshexternalservices",
  displayName: "Mesh External Service",
  displayNamePlural: "Mesh External Services",
  kds: { globalToZones: true, zoneToGlobal: true },
  isDestination: true,
  systemNamespaceOnly: true,
  spec,
  status,
  validate: validateMeshExternalService,
  portsOf: ({ match }) => [{ port: match.port }],
  deprecations: (service) => [...nameDeprecations("MeshExternalService", service.name), ...sniDeprecations(meshExternalServiceKind, service)],
});
