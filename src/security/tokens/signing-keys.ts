// Token signing keys: made, read in every form Kuma writes, and chosen among the secrets that hold them (spec/security.md 3.2).
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { badRequest } from "#resources";
import { makeKeys, privateKeyPem } from "../certificates/keys.ts";
import { pemBlocks } from "../certificates/pem.ts";

/** A new RSA 2048 key as PEM `RSA PRIVATE KEY`: the bytes that its secret holds. */
export async function makeSigningKey(): Promise<string> {
  return privateKeyPem((await makeKeys({ rsaBits: 2048 })).privateKey);
}

/** The public half as PEM `RSA PUBLIC KEY`. */
export function publicKeyPem(privatePem: string): string {
  return createPublicKey(parseSigningKey(privatePem)).export({ type: "pkcs1", format: "pem" }).toString();
}

/** An RSA private key from PEM, or from the raw PKCS#1 bytes old versions stored. Its text never appears in an error. */
export function parseSigningKey(key: string | Uint8Array): KeyObject {
  const text = typeof key === "string" ? key : Buffer.from(key).toString("latin1");
  const block = pemBlocks(text)[0];
  if (block && !block.type.endsWith("PRIVATE KEY")) throw badRequest("provided file is not a PEM-encoded signing key");
  return requireRsa(() => {
    if (block) return createPrivateKey(block.text);
    return createPrivateKey({ key: Buffer.from(text, "latin1"), format: "der", type: "pkcs1" });
  }, "provided file is not a PEM-encoded signing key");
}

/** What verifies a token: `RSA PUBLIC KEY`, `PUBLIC KEY`, or the public half of a private key. */
export function parseVerifyingKey(key: string): KeyObject {
  const block = pemBlocks(key)[0];
  if (!block) return createPublicKey(parseSigningKey(key));
  if (block.type.endsWith("PRIVATE KEY")) return createPublicKey(parseSigningKey(block.text));
  if (block.type !== "RSA PUBLIC KEY" && block.type !== "PUBLIC KEY") throw badRequest(`invalid key encoding "${block.type}"`);
  return requireRsa(() => createPublicKey(block.text), "the public key cannot be parsed");
}

function requireRsa(read: () => KeyObject, otherwise: string): KeyObject {
  const key = attempt(read);
  if (!key) throw badRequest(otherwise);
  if (key.asymmetricKeyType !== "rsa") throw badRequest(`the key must be RSA, not ${key.asymmetricKeyType}`);
  return key;
}

function attempt(read: () => KeyObject): KeyObject | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export interface NamedSecret {
  readonly name: string;
  readonly data: string;
}

interface NumberedKey {
  readonly kid: string;
  readonly order: bigint;
  readonly pem: string;
}

/** The keys among `secrets` whose names begin with `prefix` (`signingKeySecret(kind, mesh, "0")`), newest first. */
export function keysNamed(prefix: string, secrets: Iterable<NamedSecret>): readonly NumberedKey[] {
  const keys: NumberedKey[] = [];
  for (const { name, data } of secrets) {
    if (name === prefix) keys.push({ kid: "0", order: 0n, pem: data });
    if (!name.startsWith(`${prefix}-`)) continue;
    // The key id stays as the secret's name has it: `...-0002` is `0002`, which every Kuma finds again.
    const kid = name.slice(prefix.length + 1);
    keys.push({ kid, order: orderOf(kid), pem: data });
  }
  return keys.sort((a, b) => (a.order === b.order ? (a.kid < b.kid ? 1 : -1) : a.order < b.order ? 1 : -1));
}

/** Exact id first; else the same number: a reference control plane signs as `2` with the key of `...-0002`. */
export function findKey(keys: readonly NumberedKey[], kid: string): string | undefined {
  const exact = keys.find((it) => it.kid === kid);
  if (exact || !/^\d+$/.test(kid)) return exact?.pem;
  return keys.find((it) => /^\d+$/.test(it.kid) && it.order === orderOf(kid))?.pem;
}

const orderOf = (kid: string): bigint => (/^\d{1,40}$/.test(kid) ? BigInt(kid) : 0n);
