// Key pairs: EC P-256 at once (24 us), RSA in the thread pool (tens of milliseconds); written as PEM the way Kuma's tools read it.
import { generateKeyPair, generateKeyPairSync, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

export interface Keys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface KeyOptions {
  /** An RSA key of that many bits. */
  readonly rsaBits?: number;
  /** Another kind than EC P-256. */
  readonly curve?: "P-384" | "P-521" | "ed25519";
}

const generateRsa = promisify(generateKeyPair);

export function makeEcKeys(): Keys {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

export async function makeKeys(options: KeyOptions = {}): Promise<Keys> {
  if (options.rsaBits !== undefined) return generateRsa("rsa", { modulusLength: options.rsaBits });
  if (options.curve === "ed25519") return generateKeyPairSync("ed25519");
  return options.curve === undefined ? makeEcKeys() : generateKeyPairSync("ec", { namedCurve: options.curve });
}

/** Keys of the same type as another: RSA of 2048 bits whatever the other's size, the same curve, Ed25519. */
export function keysLike(key: KeyObject): KeyOptions {
  if (key.asymmetricKeyType === "rsa") return { rsaBits: 2048 };
  if (key.asymmetricKeyType === "ed25519") return { curve: "ed25519" };
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === "secp384r1") return { curve: "P-384" };
  return curve === "secp521r1" ? { curve: "P-521" } : {};
}

/** `RSA PRIVATE KEY` (PKCS#1), `EC PRIVATE KEY` (SEC1), `PRIVATE KEY` (PKCS#8) for the rest. */
export function privateKeyPem(key: KeyObject): string {
  if (key.asymmetricKeyType === "rsa") return key.export({ type: "pkcs1", format: "pem" }).toString();
  if (key.asymmetricKeyType === "ec") return key.export({ type: "sec1", format: "pem" }).toString();
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}
