// Identities of proxies: a leaf each, renewed at 80 % of its life with jitter; the mesh's trust bundle. A renewed leaf plans nothing.
import { create } from "@bufbuild/protobuf";
import { SecretSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
import type { Sealed, Sealer } from "#envoy";
import { identifyingService, memoOn } from "#mesh";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { tag, type Resource } from "#resources";
import { spiffeId, tagUri } from "#security/names";
import type { MeshAuthority } from "#security";
import type { Platform } from "#platform";

/** The certificate authority of a mesh as the store has it now. */
export interface AuthoritySource {
  /** The same object while the authority does not change; undefined while it does not exist (yet). */
  authorityOf(mesh: string): { readonly authority: MeshAuthority; readonly backend: string; readonly lifetimeMs: number } | undefined;
}

export interface Identity {
  readonly secret: Sealed;
  readonly authority: MeshAuthority;
  readonly backend: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly renewAt: number;
  /** What the leaf was made for; another set of names needs another leaf. */
  readonly uris: readonly string[];
}

/** URI names of a Dataplane's leaf: one SPIFFE id per service, then every tag (spec/security.md 7.4). */
export const urisOf = memoOn((dataplane: Resource<Dataplane>): readonly string[] => {
  const networking = dataplane.spec.networking;
  const tagSets = [...(networking?.inbound ?? []).map((it) => it.tags), ...(networking?.gateway ? [networking.gateway.tags] : [])];
  const pairs = new Map(tagSets.flatMap((tags) => Object.entries(tags)).map(([key, value]) => [`${key}/${value}`, [key, value] as const]));
  const sorted = [...pairs.values()].toSorted(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1));
  const services = sorted.filter(([key]) => key === tag.service).map(([, value]) => spiffeId(dataplane.mesh, value));
  const ids = services.length > 0 ? services : [spiffeId(dataplane.mesh, identifyingService(dataplane))];
  return [...ids, ...sorted.map(([key, value]) => tagUri(key, value))];
});

export interface IssueRequest {
  readonly name: string;
  readonly uris: readonly string[];
  readonly authority: MeshAuthority;
  readonly backend: string;
  readonly lifetimeMs: number;
}

export async function issueIdentity(request: IssueRequest, { clock, random }: Pick<Platform, "clock" | "random">, sealer: Sealer): Promise<Identity> {
  const now = clock.now();
  const { authority, backend, lifetimeMs } = request;
  const leaf = await authority.issue({ uriSans: request.uris, lifetimeMs, now });
  const bytes = (pem: string) => ({ specifier: { case: "inlineBytes" as const, value: Buffer.from(pem) } });
  const message = create(SecretSchema, {
    name: request.name,
    type: { case: "tlsCertificate", value: { certificateChain: bytes(leaf.certPem), privateKey: bytes(leaf.keyPem) } },
  });
  return {
    secret: sealer.seal(SecretSchema, request.name, message),
    authority,
    backend,
    issuedAt: now,
    expiresAt: now + lifetimeMs,
    // Between 75 and 80 per cent of its life: a fleet started together does not renew together.
    renewAt: now + lifetimeMs * (0.8 - 0.05 * random.fraction()),
    uris: request.uris,
  };
}

export function trustBundle(name: string, authority: MeshAuthority, sealer: Sealer): Sealed {
  return sealer.keyed(`trust ${name} ${authority.caPem}`, () => {
    const value = { trustedCa: { specifier: { case: "inlineBytes" as const, value: Buffer.from(authority.caPem) } } };
    return sealer.seal(SecretSchema, name, create(SecretSchema, { name, type: { case: "validationContext", value } }));
  });
}
