// Key pairs: EC P-256 at once (24 us), RSA in the thread pool (tens of milliseconds); written as PEM the way Kuma's tools read it.
import { createECDH, generateKeyPair, generateKeyPairSync, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

export interface Keys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface KeyOptions {
  /** An RSA key of that many bits; EC P-256 when absent. */
  readonly rsaBits?: number;
}

const generateRsa = promisify(generateKeyPair);

export function makeEcKeys(): Keys {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

export async function makeKeys(options: KeyOptions = {}): Promise<Keys> {
  if (options.rsaBits === undefined) return makeEcKeys();
  return generateRsa("rsa", { modulusLength: options.rsaBits });
}

/** Workloads' keys under an authority's: RSA under RSA. Under every other P-256: with Envoy's defaults no peer accepts a leaf of another curve. */
export const keysUnder = (authority: KeyObject): KeyOptions => (authority.asymmetricKeyType === "rsa" ? { rsaBits: 2048 } : {});

/** A new key as a certificate and a file hold it. */
export interface WrittenKeys {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly keyPem: string;
}

// What stands around the bytes of a P-256 key: SEC1 (RFC 5915) and SubjectPublicKeyInfo (RFC 5480).
const sec1Head = Buffer.from("30770201010420", "hex");
const sec1Middle = Buffer.from("a00a06082a8648ce3d030107a144034200", "hex");
const spkiHead = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex");

/** Holds nothing between two keys but the last of them. */
const curve = createECDH("prime256v1");

/** The same keys as `makeKeys`, written without a key object in between: exporting one takes longer than making it. */
export async function writeNewKeys(options: KeyOptions = {}): Promise<WrittenKeys> {
  if (options.rsaBits !== undefined) {
    const keys = await makeKeys(options);
    return { spki: keys.publicKey.export({ type: "spki", format: "der" }), keyPem: privateKeyPem(keys.privateKey) };
  }
  const point = curve.generateKeys();
  const secret = curve.getPrivateKey();
  const sec1 = Buffer.concat([sec1Head, Buffer.alloc(32 - secret.length), secret, sec1Middle, point]);
  return { spki: Buffer.concat([spkiHead, point]), keyPem: pem("EC PRIVATE KEY", sec1) };
}

/** DER as PEM, lines of 64 characters (RFC 7468). */
export function pem(type: string, der: Uint8Array): string {
  const text = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString("base64");
  let lines = "";
  for (let at = 0; at < text.length; at += 64) lines += `${text.slice(at, at + 64)}\n`;
  return `-----BEGIN ${type}-----\n${lines}-----END ${type}-----\n`;
}

/** `RSA PRIVATE KEY` (PKCS#1), `EC PRIVATE KEY` (SEC1), `PRIVATE KEY` (PKCS#8) for the rest. */
export function privateKeyPem(key: KeyObject): string {
  if (key.asymmetricKeyType === "rsa") return key.export({ type: "pkcs1", format: "pem" }).toString();
  if (key.asymmetricKeyType === "ec") return key.export({ type: "sec1", format: "pem" }).toString();
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}
