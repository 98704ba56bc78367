// Secrets in a configuration dump of Envoy, replaced: what a reader of configuration may not have.
import { isObject } from "#resources";

const hidden = "[redacted]";

/** A copy without the values of credentials: `authorization` metadata and headers, private keys, passwords. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redact);
  if (!isObject(value)) return value;
  const isCredentialHeader = typeof value["key"] === "string" && value["key"].toLowerCase() === "authorization" && "value" in value;
  return Object.fromEntries(
    Object.entries(value).map(([name, it]) => {
      if (isCredentialHeader && name === "value") return [name, hidden];
      if (/^(private_?key|password)$/i.test(name)) return [name, withoutContent(it)];
      return [name, redact(it)];
    }),
  );
}

/** A file's name stays: it helps and tells nothing. */
function withoutContent(source: unknown): unknown {
  if (!isObject(source)) return hidden;
  return Object.fromEntries(Object.entries(source).map(([name, it]) => [name, /^inline_?(string|bytes)$/i.test(name) ? hidden : it]));
}
