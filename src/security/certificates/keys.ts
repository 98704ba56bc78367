// Key pairs: EC P-256 at once (24 us), RSA in the thread pool (tens of milliseconds); written as PEM the way Kuma's tools read it.
import { generateKeyPair, generateKeyPairSync, type KeyObject } from "node:crypto";
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

/** `RSA PRIVATE KEY` (PKCS#1), `EC PRIVATE KEY` (SEC1), `PRIVATE KEY` (PKCS#8) for the rest. */
export function privateKeyPem(key: KeyObject): string {
  if (key.asymmetricKeyType === "rsa") return key.export({ type: "pkcs1", format: "pem" }).toString();
  if (key.asymmetricKeyType === "ec") return key.export({ type: "sec1", format: "pem" }).toString();
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}
