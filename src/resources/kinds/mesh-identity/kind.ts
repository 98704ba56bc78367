// MeshIdentity: which proxies get which SPIFFE id, and who signs it.
import { z } from "zod";
import { defineKind } from "../../kind.ts";
import { durationField } from "../../policy-schema.ts";
import type { Resource } from "../../resource.ts";
import { conditionsField, extensionConfig, matchLabels } from "../status.ts";
import { validateMeshIdentity } from "./validate.ts";

const secureSource = z.object({
  type: z.enum(["File", "Secret", "EnvVar", "InsecureInline"]),
  file: z.object({ path: z.string() }).optional(),
  secretRef: z.object({ kind: z.enum(["Secret"]), name: z.string() }).optional(),
  envVar: z.object({ name: z.string() }).optional(),
  insecureInline: z.object({ value: z.string() }).optional(),
});
export type SecureSource = z.infer<typeof secureSource>;

const spec = z.object({
  selector: z.object({ dataplane: z.object({ matchLabels: matchLabels.optional() }).optional() }).optional(),
  spiffeID: z.object({ trustDomain: z.string().optional(), path: z.string().optional() }).optional(),
  provider: z
    .object({
      type: z.enum(["Bundled", "Spire", "Extension"]),
      bundled: z
        .object({
          meshTrustCreation: z.enum(["Enabled", "Disabled"]).optional(),
          insecureAllowSelfSigned: z.boolean().optional(),
          autogenerate: z.object({ enabled: z.boolean().optional() }).optional(),
          certificateParameters: z.object({ expiry: durationField.optional() }).optional(),
          ca: z.object({ certificate: secureSource.optional(), privateKey: secureSource.optional() }).optional(),
        })
        .optional(),
      spire: z.object({ agent: z.object({ timeout: durationField.optional() }).optional() }).optional(),
      extension: z.object({ name: z.string(), config: extensionConfig }).optional(),
    })
    .optional(),
});
export type MeshIdentitySpec = z.infer<typeof spec>;
const status = z.object({ conditions: conditionsField });
export type MeshIdentityStatus = z.infer<typeof status>;
export type MeshIdentity = Resource<MeshIdentitySpec, MeshIdentityStatus>;

export const meshIdentityKind = defineKind<MeshIdentitySpec, MeshIdentityStatus>({
  name: "MeshIdentity",
  scope: "Mesh",
  path: "meshidentities",
  shortName: "mid",
  singular: "meshidentity",
  plural: "meshidentities",
  displayName: "Mesh Identity",
  displayNamePlural: "Mesh Identities",
  kds: { globalToZones: true, zoneToGlobal: true },
  systemNamespaceOnly: true,
  spec,
  status,
  validate: validateMeshIdentity,
});
