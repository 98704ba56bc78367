// A certificate with its key, checked once: they belong together, the certificate is in time.
import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { badRequest } from "#resources";
import { parseCertificates, parsePrivateKey } from "./pem.ts";

export interface KeyPair {
  /** The leaf first, intermediates after it, as given. */
  readonly certPem: string;
  readonly keyPem: string;
  readonly chain: readonly X509Certificate[];
  /** Milliseconds since the epoch, of the leaf. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Hexadecimal, upper case. */
  readonly serial: string;
  /** SHA-256 of the leaf, hexadecimal with colons. */
  readonly fingerprint: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** Names used in messages, e.g. file paths. */
export interface PairNames {
  readonly certificate?: string;
  readonly key?: string;
}

/** Throws a KumaError naming the one thing that is wrong: no PEM, mismatch, expired, not yet valid. */
export function parseKeyPair(certPem: string, keyPem: string, now: number, names: PairNames = {}): KeyPair {
  const certificateName = names.certificate ?? "certificate";
  const keyName = names.key ?? "private key";
  const chain = parseCertificates(certPem, certificateName);
  const key = parsePrivateKey(keyPem, keyName);
  const [leaf] = chain;
  if (!leaf) throw badRequest(`${certificateName} is empty`);
  if (!leaf.checkPrivateKey(key)) throw badRequest(`${certificateName} and ${keyName} do not belong together: the certificate was made for another key`);
  const pair = { certPem, keyPem, chain, ...lifetimeOf(leaf), serial: leaf.serialNumber, fingerprint: leaf.fingerprint256, ...namesOf(leaf) };
  if (now >= pair.notAfter) throw badRequest(`${certificateName} expired on ${new Date(pair.notAfter).toISOString()}`);
  if (now < pair.notBefore) throw badRequest(`${certificateName} is not valid before ${new Date(pair.notBefore).toISOString()}; is the clock of this machine right?`);
  return pair;
}

/** The authorities a pair carries beside or as its leaf, as PEM: what a client may trust. Empty when there is none. */
export const authoritiesOf = (pair: KeyPair): string => pair.chain.filter((it) => it.ca).map((it) => it.toString()).join("");

export const lifetimeOf = (certificate: X509Certificate) => ({
  notBefore: certificate.validFromDate.getTime(),
  notAfter: certificate.validToDate.getTime(),
});

/** The alternative names of a certificate. Node quotes values that hold a comma or a quote. */
export function namesOf(certificate: X509Certificate): { dnsNames: string[]; ipAddresses: string[]; uris: string[] } {
  const entries = [...(certificate.subjectAltName ?? "").matchAll(/(DNS|IP Address|URI):("(?:[^"\\]|\\.)*"|[^,]*)/g)];
  const of = (kind: string) => entries.filter((it) => it[1] === kind).map((it) => unquote(it[2] ?? ""));
  return { dnsNames: of("DNS"), ipAddresses: of("IP Address"), uris: of("URI") };
}

/** True when a client that asked for `host` accepts this pair. */
export function isNamed(pair: KeyPair, host: string): boolean {
  const [leaf] = pair.chain;
  if (!leaf) return false;
  return (isIP(host) ? leaf.checkIP(host) : leaf.checkHost(host, { subject: "never" })) !== undefined;
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  const value: unknown = JSON.parse(text);
  return typeof value === "string" ? value : text;
}
