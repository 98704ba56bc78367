// Private keys that stand inside a resource (a provided CA, a MeshIdentity) are shown to those who may read secrets, to others their place only.
import type { Kinds } from "#resources";
import type { Access, Writer } from "#write";

const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*/g;
const encoded = /"LS0tLS1CRUdJTi[A-Za-z0-9+/=]*"/g; // base64 of what a PEM block begins with
const hidden = "[redacted]";

/** `text` is JSON; the same text when it holds no key or the reader may see it. */
export function withoutPrivateKeys(text: Buffer, may: () => boolean): Buffer {
  if ((!text.includes("PRIVATE KEY-----") && !text.includes("LS0tLS1CRUdJTi")) || may()) return text;
  const shown = text.toString("utf8").replaceAll(pem, hidden);
  return Buffer.from(shown.replaceAll(encoded, (it) => (Buffer.from(it.slice(1, -1), "base64").includes("PRIVATE KEY") ? `"${hidden}"` : it)));
}

/** By the rule for the kinds that are administrators' only. */
export function mayReadSecrets(access: Access, kinds: Kinds, reader: Writer): boolean {
  const secret = kinds.all.find((it) => it.adminOnly === true);
  if (!secret) return false;
  try {
    access.check(reader, secret, "get");
    return true;
  } catch {
    return false;
  }
}
