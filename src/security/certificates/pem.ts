// Reads PEM text: bundles of certificates, private keys; says which wrong thing was given instead.
import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { reasonOf } from "#platform";
import { badRequest } from "#resources";

export interface PemBlock {
  readonly type: string;
  readonly text: string;
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

export const pemBlocks = (text: string): PemBlock[] => [...text.matchAll(block)].map(([whole, type = ""]) => ({ type, text: `${whole}\n` }));

export const looksLikePem = (text: string): boolean => text.includes("-----BEGIN ");

export function looksLikePath(text: string): boolean {
  const line = text.trim();
  return !line.includes("\n") && line.length < 4096 && (/^(\.{0,2}\/|~\/)/.test(line) || /\.(pem|crt|cer|key)$/i.test(line));
}

/** Throws when PEM text stands where a path belongs; `what` names the setting. The text itself is never repeated: it may be a key. */
export function requirePath(text: string, what: string): string {
  if (looksLikePem(text)) throw badRequest(`${what} must be the path of a file, but PEM text was given`);
  return text;
}

/** Every certificate of a bundle, in its order; throws a KumaError that says what is there instead. */
export function parseCertificates(text: string, what: string): X509Certificate[] {
  const blocks = pemBlocks(text);
  const certificates = blocks.filter((it) => it.type === "CERTIFICATE");
  if (certificates.length === 0) throw badRequest(`${what} ${whyNoCertificate(text, blocks)}`);
  return certificates.map((it, index) => {
    try {
      return new X509Certificate(it.text);
    } catch (error) {
      throw badRequest(`${what}: certificate ${index + 1} of ${certificates.length} cannot be parsed: ${reasonOf(error)}`);
    }
  });
}

/** The first private key of the text; throws a KumaError that says what is there instead. */
export function parsePrivateKey(text: string, what: string): KeyObject {
  const blocks = pemBlocks(text);
  const key = blocks.find((it) => it.type.endsWith("PRIVATE KEY"));
  if (!key) throw badRequest(`${what} ${whyNoKey(text, blocks)}`);
  if (key.type.startsWith("ENCRYPTED") || key.text.includes("ENCRYPTED")) throw badRequest(`${what} is encrypted with a passphrase; give the key without one`);
  try {
    return createPrivateKey(key.text);
  } catch (error) {
    throw badRequest(`${what} cannot be parsed: ${reasonOf(error)}`);
  }
}

function whyNoCertificate(text: string, blocks: readonly PemBlock[]): string {
  if (text.trim() === "") return "is empty";
  if (blocks.some((it) => it.type.endsWith("PRIVATE KEY"))) return "holds a private key and no certificate; are certificate and key exchanged?";
  if (looksLikePath(text)) return "must be PEM text, but it looks like the path of a file";
  if (looksLikePem(text)) return "is not complete PEM: no whole CERTIFICATE block";
  return "is not PEM: no CERTIFICATE block";
}

function whyNoKey(text: string, blocks: readonly PemBlock[]): string {
  if (text.trim() === "") return "is empty";
  if (blocks.some((it) => it.type === "CERTIFICATE")) return "holds a certificate and no private key; are certificate and key exchanged?";
  if (looksLikePath(text)) return "must be PEM text, but it looks like the path of a file";
  if (looksLikePem(text)) return "is not complete PEM: no whole PRIVATE KEY block";
  return "is not PEM: no PRIVATE KEY block";
}
