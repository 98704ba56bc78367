// Seals secrets before a store keeps them: AES-256-GCM under a key from a file; what was stored plain stays readable.
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { badRequest, unavailable } from "#resources";
import type { RefusalCode } from "./refusals.ts";

// Begins with a byte that no PEM, JWT or base64 value begins with.
const prefix = "\u0001sealed:v1:";
const ivBytes = 12;
const tagBytes = 16;

/** `aad` binds the value to its place, e.g. `Secret|mesh|name`: sealed text copied elsewhere does not open. */
export function sealSecret(plain: string, key: KeyObject, aad: string): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(aad, "utf8"));
  const body = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  return prefix + Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64");
}

export const isSealed = (text: string): boolean => text.startsWith(prefix);

/** Plain values come back as they are; a KumaError when the key, the place or the text is wrong. */
export function openSecret(text: string, key: KeyObject | undefined, aad: string): string {
  if (!isSealed(text)) return text;
  if (!key) throw unavailable(`the secret ${aad} is sealed, but no key for secrets is configured`, { code: "secret-not-readable" satisfies RefusalCode });
  const bytes = Buffer.from(text.slice(prefix.length), "base64");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(aad, "utf8"));
    decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString("utf8");
  } catch (error) {
    throw unavailable(`the secret ${aad} cannot be opened with the configured key`, { cause: error, code: "secret-not-readable" satisfies RefusalCode });
  }
}

/** Writes a new random key, readable by its owner only; never over an existing file. */
export async function makeSecretsKeyFile(path: string): Promise<void> {
  await writeFile(path, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
}

export async function readSecretsKeyFile(path: string): Promise<KeyObject> {
  return parseSecretsKey(await readFile(path, "utf8"), path);
}

/** 32 bytes in base64; `where` is named in the error. */
export function parseSecretsKey(text: string, where: string): KeyObject {
  const bytes = Buffer.from(text.trim(), "base64");
  if (bytes.length !== 32) throw badRequest(`${where} must hold 32 random bytes in base64, it holds ${bytes.length}`);
  return createSecretKey(bytes);
}
