// MeshTrust: the certificate bundles by which a mesh trusts a domain of identities.
import { z } from "zod";
import { violation, type Violation } from "../../failure.ts";
import { defineKind } from "../../kind.ts";
import type { Resource } from "../../resource.ts";

const origin = z.object({ kri: z.string().optional() }).optional();
const spec = z.object({
  origin,
  trustDomain: z.string().max(253),
  caBundles: z.array(z.object({ type: z.enum(["Pem"]), pem: z.object({ value: z.string() }).optional() })).min(1),
});
export type MeshTrustSpec = z.infer<typeof spec>;
const status = z.object({ origin });
export type MeshTrustStatus = z.infer<typeof status>;
export type MeshTrust = Resource<MeshTrustSpec, MeshTrustStatus>;

export const meshTrustKind = defineKind<MeshTrustSpec, MeshTrustStatus>({
  name: "MeshTrust",
  scope: "Mesh",
  path: "meshtrusts",
  shortName: "mtrust",
  singular: "meshtrust",
  plural: "meshtrusts",
  displayName: "Mesh Trust",
  displayNamePlural: "Mesh Trusts",
  kds: { globalToZones: true, zoneToGlobal: true },
  systemNamespaceOnly: true,
  spec,
  status,
  validate: validateMeshTrust,
  deprecations: ({ spec }) => (spec.origin ? ["setting spec.origin field is deprecated"] : []),
});

/** Only certificates: a private key here would be handed to every proxy. */
const certificates = /^(\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/;

function validateMeshTrust({ caBundles, trustDomain }: MeshTrustSpec): readonly Violation[] {
  return [
    ...caBundles.flatMap(({ pem }, at) => {
      if (!pem) return [violation(`spec.caBundles[${at}].pem`, "must be defined")];
      return certificates.test(pem.value) ? [] : [violation(`spec.caBundles[${at}].pem.value`, "provided certificate has incorrect format")];
    }),
    ...(trustDomain === "" ? [violation("spec.trustDomain", "trustDomain needs to be defined")] : []),
  ];
}
