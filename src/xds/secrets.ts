// Identities of proxies: a leaf each, renewed at 80 % of its life with jitter. A renewed leaf plans nothing.
import { create } from "@bufbuild/protobuf";
import { SecretSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
import type { Sealed, Sealer } from "#envoy";
import { identifyingService, memoOn } from "#mesh";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { tag, type Resource } from "#resources";
import { spiffeId, tagUri } from "#security/names";
import type { MeshAuthority } from "#security";
import type { Platform } from "#platform";

/** Who signs for a proxy, and for how long. */
export interface Issuer {
  readonly authority: MeshAuthority;
  /** As the proxy's insight names it: the Mesh's backend, or the identifier of the MeshIdentity. */
  readonly backend: string;
  readonly lifetimeMs: number;
  readonly isOfIdentity: boolean;
}

/** The certificate authorities of meshes as the store has them now. */
export interface AuthoritySource {
  /** Of the Mesh's enabled backend. The same authority while it does not change; undefined while it does not exist (yet). */
  authorityOf(mesh: string): Issuer | undefined;
  /** Of its other backends that proxies of this or an earlier run still have certificates of. */
  othersOf(mesh: string): readonly MeshAuthority[];
  /** Of a MeshIdentity. */
  identityAuthorityOf(mesh: string, identity: string): Issuer | undefined;
  /** Tells when one of a mesh's authorities comes, goes or is another, for reasons that are not in the store. */
  onChange(listener: (mesh: string) => void): () => void;
}

/** An authority about to end gives leaves that end with it: they are not renewed in a whirl. */
const shortestMs = 1000;

export interface Identity {
  readonly secret: Sealed;
  readonly authority: MeshAuthority;
  readonly backend: string;
  /** Made for a MeshIdentity; otherwise by the Mesh's own authority. */
  readonly isOfIdentity: boolean;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly renewAt: number;
  /** What the leaf was made for; another set of names needs another leaf. */
  readonly uris: readonly string[];
  readonly serial: string;
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

export interface IssueRequest extends Issuer {
  readonly name: string;
  readonly uris: readonly string[];
}

export async function issueIdentity(request: IssueRequest, { clock, random }: Pick<Platform, "clock" | "random">, sealer: Sealer): Promise<Identity> {
  const now = clock.now();
  const { authority, backend, isOfIdentity, lifetimeMs } = request;
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
    isOfIdentity,
    issuedAt: now,
    expiresAt: leaf.notAfter,
    // Between 75 and 80 per cent of its life: a fleet started together does not renew together.
    renewAt: now + Math.max(shortestMs, (leaf.notAfter - now) * (0.8 - 0.05 * random.fraction())),
    uris: request.uris,
    serial: leaf.serial,
  };
}
