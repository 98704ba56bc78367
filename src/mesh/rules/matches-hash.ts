// The hash that names a route's matches in rules and in the inspection API: SHA-256 over their JSON as Go writes it.
import { createHash } from "node:crypto";

export function matchesHash(matches: unknown): string {
  const json = JSON.stringify(matches).replaceAll(/[<>&\u2028\u2029]/g, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return createHash("sha256").update(json).digest("base64");
}
