// What proxies are told to trust: worked out once for all that are told the same, forgotten with the authorities.
import { create } from "@bufbuild/protobuf";
import { SecretSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
import { domainTrustSecret, type ProxySecrets, type Sealed, type Sealer } from "#envoy";
import { listInterner, memoOn, memoOnBoth, trustedDomains, type MeshView } from "#mesh";
import type { Resource } from "#resources";
import type { MeshAuthority } from "#security";

export interface ToldTrust {
  /** Undefined while there is nobody to trust. */
  readonly secret: Sealed | undefined;
  /** PEM by the domain it is trusted for; the empty one stands for every domain. */
  readonly domains: ReadonlyMap<string, string>;
}

/** `authorities` are those of the Mesh itself, the enabled one first. */
export type TrustTeller = (view: MeshView, names: Pick<ProxySecrets, "trust" | "isByDomain">, authorities: readonly MeshAuthority[]) => ToldTrust;

export function trustTeller(sealer: Sealer): TrustTeller {
  const intern = listInterner<MeshAuthority>();
  const pemOf = memoOn((authorities: readonly MeshAuthority[]) => [...new Set(authorities.map((it) => it.caPem))].join(""));
  const told = memoOnBoth((_authorities: readonly MeshAuthority[], _trusts: readonly Resource[]) => new Map<string, ToldTrust>());
  return (view, { trust: name, isByDomain }, authorities) => {
    const own = intern(authorities);
    const known = told(own, view.list("MeshTrust"));
    let its = known.get(name);
    if (!its) {
      const pem = pemOf(own);
      const domains = isByDomain ? trustOf(view, pem) : new Map([["", pem]]);
      its = { domains, secret: isByDomain ? sealer.seal(SecretSchema, name, domainTrustSecret(name, domains)) : pem ? bundle(name, pem, sealer) : undefined };
      known.set(name, its);
    }
    return its;
  };
}

function bundle(name: string, pem: string, sealer: Sealer): Sealed {
  const value = { trustedCa: { specifier: { case: "inlineBytes" as const, value: Buffer.from(pem) } } };
  return sealer.seal(SecretSchema, name, create(SecretSchema, { name, type: { case: "validationContext", value } }));
}

/** What MeshTrusts say; the Mesh's own authority counts for the domain of the mesh's name. */
export function trustOf(view: MeshView, ownPem: string): ReadonlyMap<string, string> {
  const domains = trustedDomains(view.list("MeshTrust"));
  if (!ownPem) return domains;
  const { name } = view.mesh;
  return new Map([...domains, [name, `${domains.get(name) ?? ""}${ownPem}`] as const].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
