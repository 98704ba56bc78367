// New self-signed authorities and leaves under an authority held in memory: shared by every CA of the control plane.
import type { KeyObject, X509Certificate } from "node:crypto";
import { unavailable } from "#resources";
import { lifetimeOf } from "../certificates/key-pair.ts";
import { makeKeys, privateKeyPem, writeNewKeys, type KeyOptions } from "../certificates/keys.ts";
import { parseCertificates, parsePrivateKey } from "../certificates/pem.ts";
import { derToPem, issuerOf, randomSerial, selfIssuer, signCertificate, type CertificateContent, type Issuer, type SubjectName } from "../certificates/x509.ts";

export interface CertificateAndKey {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface RootRequest extends KeyOptions {
  readonly subject: SubjectName;
  readonly uris?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export async function makeRoot(request: RootRequest): Promise<CertificateAndKey> {
  const keys = await makeKeys(request);
  const der = await signCertificate(
    {
      subject: request.subject, publicKey: keys.publicKey, uris: request.uris ?? [], isAuthority: true,
      keyUsage: ["keyCertSign", "cRLSign"], notBefore: request.notBefore, notAfter: request.notAfter,
    },
    selfIssuer(keys.privateKey, request.subject),
  );
  return { certPem: derToPem(der), keyPem: privateKeyPem(keys.privateKey) };
}

/** An authority ready to sign: the first certificate of its file signs, the rest is its chain. */
export interface OpenedAuthority {
  readonly chain: readonly X509Certificate[];
  readonly signer: X509Certificate;
  readonly issuer: Issuer;
  /** Intermediates a leaf must bring along: the file's certificates that did not sign themselves. */
  readonly intermediatesPem: string;
}

export function openIssuer(pair: CertificateAndKey, what = "CA"): OpenedAuthority {
  const chain = parseCertificates(pair.certPem, `${what} certificate`);
  const key: KeyObject = parsePrivateKey(pair.keyPem, `${what} key`);
  const [signer] = chain;
  if (!signer) throw unavailable(`${what} certificate is empty`);
  if (!signer.checkPrivateKey(key)) throw unavailable(`${what} certificate and key do not belong together`);
  const intermediatesPem = chain.filter((it) => !it.checkIssued(it)).map((it) => it.toString()).join("");
  return { chain, signer, issuer: issuerOf(signer, key), intermediatesPem };
}

export interface IssuedCertificate extends CertificateAndKey {
  /** The leaf, then the intermediates; never the root. */
  readonly certPem: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly serial: string;
}

export type LeafRequest = Pick<CertificateContent, "dnsNames" | "ipAddresses" | "uris" | "extendedKeyUsage"> & {
  readonly now: number;
  readonly lifetimeMs: number;
  /** How far back the leaf begins, against clocks that run behind. */
  readonly backdateMs: number;
};

/** A leaf with a new key; it never outlives its signer. Throws an unavailable KumaError when the signer is out of time. */
export async function issueLeaf(authority: OpenedAuthority, request: LeafRequest, keyOptions: KeyOptions = {}): Promise<IssuedCertificate> {
  const signer = lifetimeOf(authority.signer);
  if (request.now >= signer.notAfter) throw unavailable(`the CA certificate expired on ${new Date(signer.notAfter).toISOString()}`);
  const keys = await writeNewKeys(keyOptions);
  const serial = randomSerial();
  const notBefore = wholeSeconds(request.now - request.backdateMs);
  const notAfter = wholeSeconds(Math.min(request.now + request.lifetimeMs, signer.notAfter));
  const der = await signCertificate(
    {
      publicKey: keys.spki, serial, dnsNames: request.dnsNames ?? [], ipAddresses: request.ipAddresses ?? [], uris: request.uris ?? [],
      // RFC 5480: an EC key does not encipher keys.
      keyUsage: keyOptions.rsaBits === undefined ? ["digitalSignature", "keyAgreement"] : ["digitalSignature", "keyEncipherment", "keyAgreement"],
      extendedKeyUsage: request.extendedKeyUsage ?? [], notBefore, notAfter,
    },
    authority.issuer,
  );
  return { certPem: derToPem(der) + authority.intermediatesPem, keyPem: keys.keyPem, notBefore, notAfter, serial: serial.toString("hex").toUpperCase() };
}

/** Certificates tell time in seconds. */
const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;
