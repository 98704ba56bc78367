// Names of resources: which are allowed, which are only tolerated, and how a synced copy is named (spec/api.md 1.3, 1.6).
import { violation, type Violation } from "./failure.ts";

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

export const invalidNameText =
  "invalid characters. A lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const label1035Text =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character " +
  "(e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const label1123Text =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character " +
  "(e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
export const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character " +
  "(e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const longText = "must be no more than 63 characters";

export const isSubdomain = (text: string): boolean => text.length <= 253 && subdomain.test(text);

/** What Kubernetes says against a text as a DNS label; empty when it is one. */
export function label1123Errors(text: string): readonly string[] {
  return [...(text.length > 63 ? [longText] : []), ...(label1123.test(text) ? [] : [label1123Text])];
}

export function validateName(name: string): readonly Violation[] {
  if (name === "") return [violation("name", "cannot be empty")];
  if (name.length > 253) return [violation("name", "value length must less or equal 253")];
  return subdomain.test(name) ? [] : [violation("name", invalidNameText)];
}

export function validateMeshName(mesh: string): readonly Violation[] {
  if (mesh === "") return [violation("mesh", "cannot be empty")];
  if (mesh.length > 253) return [violation("mesh", "value length must less or equal 253")];
  if (/^[0-9a-z\-_.]*$/.test(mesh)) return [];
  return [violation("mesh", "invalid characters. Valid characters are numbers, lowercase latin letters and '-', '_', '.' symbols.")];
}

/** A warning for names that work today but are no DNS labels. */
export function nameDeprecations(type: string, name: string): readonly string[] {
  const errors = [...(name.length > 63 ? [longText] : []), ...(label1035.test(name) ? [] : [label1035Text])];
  if (errors.length === 0) return [];
  return [`Invalid ${type} resource name: '${name}'. It does not conform to the DNS format (RFC 1035). This is deprecated. Errors: ${errors.join("; ")}`];
}

const hexAsSafe = new Map(Array.from("0123456789abcdef").map((digit, at) => [digit, "456789bcdfvwxz24"[at] ?? ""]));

/** The name of a synced copy: the first 236 characters, then 16 that stand for mesh, name and `extra` (FNV-1a). */
export function hashedName(mesh: string, name: string, ...extra: readonly string[]): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(mesh + name + extra.join(""))) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  const digits = Array.from(hash.toString(16).padStart(16, "0"), (digit) => hexAsSafe.get(digit) ?? "").join("");
  return `${name.slice(0, 236)}-${digits}`;
}
