// Keys, tokens and certificates made on this machine. Loaded only when one is asked for: it brings the writers of JWT and X.509.
import { randomUUID } from "node:crypto";
import {
  derToPem, issueToken, makeKeys, makeSigningKey, parseSigningKey, pemBlocks, privateKeyPem, publicKeyPem, selfIssuer, signCertificate, type TokenContent,
} from "#security";

export type SignedContent = TokenContent;

export interface Signing {
  readonly privatePem: string;
  readonly kid: string;
  readonly validForMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export async function signToken(content: SignedContent, { privatePem, kid, validForMs, now }: Signing): Promise<string> {
  return issueToken(content, { key: { kid, privatePem: requirePem(privatePem) }, validForMs, now, jti: randomUUID() });
}

export const newSigningKey = makeSigningKey;

export const publicHalf = (pem: string): string => publicKeyPem(requirePem(pem));

function requirePem(text: string): string {
  if (pemBlocks(text).length === 0) throw new Error("provided file is not a PEM-encoded signing key");
  parseSigningKey(text);
  return text;
}

export interface CertificateRequest {
  readonly use: "server" | "client";
  readonly hosts: readonly string[];
  readonly keyType: "rsa" | "ecdsa";
  readonly now: number;
}

const lifeMs = 10 * 365 * 24 * 3_600_000;
const backdatedMs = 5 * 60_000;

/** A certificate that vouches for itself. It has a subject: without one, OpenSSL (and so curl) does not find it as its own authority. */
export async function selfSigned({ use, hosts, keyType, now }: CertificateRequest): Promise<{ readonly keyPem: string; readonly certPem: string }> {
  const { privateKey, publicKey } = await makeKeys(keyType === "rsa" ? { rsaBits: 2048 } : {});
  const subject = { organization: "Koguma", commonName: (hosts[0] ?? "").slice(0, 64) };
  const der = await signCertificate(
    {
      subject, publicKey, isAuthority: true,
      dnsNames: hosts.filter((it) => !isAddress(it)),
      ipAddresses: hosts.filter(isAddress),
      keyUsage: ["digitalSignature", "keyEncipherment", "keyCertSign"],
      extendedKeyUsage: [use === "server" ? "serverAuth" : "clientAuth"],
      notBefore: now - backdatedMs,
      notAfter: now + lifeMs,
    },
    selfIssuer(privateKey, subject),
  );
  return { keyPem: privateKeyPem(privateKey), certPem: derToPem(der) };
}

const isAddress = (host: string): boolean => /^\d+(\.\d+){3}$/.test(host) || host.includes(":");
