// A mesh's certificate authority, builtin or provided: its trust bundle and the workload certificates it signs (spec/security.md 7.2-7.4).
import { reasonOf } from "#platform";
import { violation, type Violation } from "#resources";
import { certificateFields } from "../certificates/x509.ts";
import { parseCertificates, parsePrivateKey } from "../certificates/pem.ts";
import { keysUnder } from "../certificates/keys.ts";
import { issueLeaf, makeRoot, openIssuer, type CertificateAndKey, type IssuedCertificate } from "./root.ts";

const clockSkewMs = 10_000;

export interface WorkloadRequest {
  readonly uriSans: readonly string[];
  readonly dnsSans?: readonly string[];
  readonly lifetimeMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface MeshAuthority {
  /** The trust bundle: every certificate of the authority's file. */
  readonly caPem: string;
  /** A new key and its certificate; never valid longer than the authority itself. */
  issue(request: WorkloadRequest): Promise<IssuedCertificate>;
}

export interface BuiltinRootRequest {
  /** What the authority signs for: a mesh by its name, or the trust domain of a MeshIdentity. */
  readonly trustDomain: string;
  readonly expiryMs: number;
  /** An RSA key of that many bits; EC P-256 when absent. */
  readonly rsaBits?: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A new root, as stored in two secrets of the mesh. */
export function makeBuiltinRoot(request: BuiltinRootRequest): Promise<CertificateAndKey> {
  return makeRoot({
    subject: { organization: "Kuma", organizationalUnit: "Mesh", commonName: request.trustDomain },
    uris: [`spiffe://${request.trustDomain}`],
    notBefore: request.now - clockSkewMs,
    notAfter: request.now + request.expiryMs,
    ...(request.rsaBits === undefined ? {} : { rsaBits: request.rsaBits }),
  });
}

export interface AuthorityOptions {
  /** Keys of workloads: EC P-256, or RSA where the authority's own is. */
  readonly leafKeys?: "p256" | "likeAuthority";
}

/** Opens an authority; throws a KumaError when certificate and key are unusable. */
export function openAuthority(pair: CertificateAndKey, { leafKeys = "p256" }: AuthorityOptions = {}): MeshAuthority {
  const authority = openIssuer(pair);
  const keyOptions = leafKeys === "p256" ? {} : keysUnder(authority.signer.publicKey);
  return {
    caPem: authority.chain.map((it) => it.toString()).join(""),
    issue: (request) =>
      issueLeaf(authority, {
        uris: request.uriSans, dnsNames: request.dnsSans ?? [], extendedKeyUsage: ["serverAuth", "clientAuth"],
        lifetimeMs: request.lifetimeMs, now: request.now, backdateMs: clockSkewMs,
      }, keyOptions),
  };
}

/** True when the signing certificate vouches for itself alone. */
export function isSelfSigned(certPem: string): boolean {
  const [signer] = parseCertificates(certPem, "CA certificate");
  return signer?.checkIssued(signer) === true;
}

/** The rules a provided authority must keep (X509-SVID 4.1, 4.3). */
export function checkProvidedAuthority(certPem: string, keyPem: string): Violation[] {
  const parsed = attempt(() => ({ chain: parseCertificates(certPem, "certificate"), key: parsePrivateKey(keyPem, "private key") }));
  if ("error" in parsed) return [violation("cert", `not a valid TLS key pair: ${parsed.error}`)];
  const { chain, key } = parsed.value;
  if (chain[0]?.checkPrivateKey(key) !== true) return [violation("cert", "not a valid TLS key pair: private key does not match public key")];
  return chain.flatMap((certificate, index) => {
    const usage = certificateFields(certificate).keyUsage;
    const field = `cert[${index}]`;
    return [
      ...(certificate.ca ? [] : [violation(field, "basic constraint 'CA' must be set to 'true' (see X509-SVID: 4.1. Basic Constraints)")]),
      ...(usage?.has("keyCertSign") ? [] : [violation(field, "key usage extension 'keyCertSign' must be set (see X509-SVID: 4.3. Key Usage)")]),
      ...(usage?.has("keyAgreement") ? [violation(field, "key usage extension 'keyAgreement' must NOT be set (see X509-SVID: 4.3. Key Usage)")] : []),
    ];
  });
}

function attempt<T>(read: () => T): { readonly value: T } | { readonly error: string } {
  try {
    return { value: read() };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}
