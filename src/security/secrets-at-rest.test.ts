// Sealed secrets open with their key at their place, and nowhere else.
import { createSecretKey, randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isSealed, makeSecretsKeyFile, openSecret, parseSecretsKey, readSecretsKeyFile, sealSecret } from "./secrets-at-rest.ts";
import { temporaryFolder } from "../../test/harness/temporary-folder.ts";

const key = createSecretKey(randomBytes(32));
const sealed = sealSecret("top secret ü", key, "Secret|default|a");

test("what was sealed opens again, and no two sealings are alike", () => {
  expect(openSecret(sealed, key, "Secret|default|a")).toBe("top secret ü");
  expect(sealSecret("top secret ü", key, "Secret|default|a")).not.toBe(sealed);
  expect(isSealed(sealed)).toBe(true);
});

test("plain values stay readable, with or without a key", () => {
  expect([openSecret("plain", key, "x"), openSecret("plain", undefined, "x")]).toEqual(["plain", "plain"]);
});

test("another key, another place, changed or short text do not open", () => {
  const changed = `${sealed.slice(0, -6)}${sealed.at(-6) === "A" ? "B" : "A"}${sealed.slice(-5)}`;
  const attempts: [string, typeof key | undefined, string][] = [
    [sealed, createSecretKey(randomBytes(32)), "Secret|default|a"], [sealed, key, "Secret|default|b"], [changed, key, "Secret|default|a"],
    [sealed.slice(0, 20), key, "Secret|default|a"], [sealed, undefined, "Secret|default|a"],
  ];
  for (const [text, withKey, place] of attempts) expect(() => openSecret(text, withKey, place)).toThrow(/^the secret Secret\|default\|[ab] (cannot be opened|is sealed)/);
});

test("a key file is its owner's alone, is read back and never overwritten", async () => {
  const path = join(temporaryFolder("key"), "secrets.key");
  await makeSecretsKeyFile(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect((await readSecretsKeyFile(path)).symmetricKeySize).toBe(32);
  await expect(makeSecretsKeyFile(path)).rejects.toThrow(/EEXIST/);
  expect(() => parseSecretsKey("abc", "KUMA_KEY")).toThrow(/^KUMA_KEY must hold 32 random bytes/);
});
