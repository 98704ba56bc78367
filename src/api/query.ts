// Query parameters of a request: given once, several times, or not.
import type { FastifyRequest } from "fastify";

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export const queryOf = (request: FastifyRequest): Query => request.query as Query;
export const single = (value: Query[string]): string | undefined => (typeof value === "string" ? value : value?.[0]);
export const several = (value: Query[string]): readonly string[] => (value === undefined ? [] : typeof value === "string" ? [value] : value);

/** As Go reads it: a parameter that is not well encoded, or holds a semicolon, was not given. */
export function parseQuery(text: string): Record<string, string | string[]> {
  const query = Object.create(null) as Record<string, string | string[]>;
  for (const pair of text.split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    const at = pair.indexOf("=");
    const [name, value] = [decoded(at < 0 ? pair : pair.slice(0, at)), decoded(at < 0 ? "" : pair.slice(at + 1))];
    if (name === undefined || value === undefined) continue;
    const before = query[name];
    query[name] = before === undefined ? value : [...(typeof before === "string" ? [before] : before), value];
  }
  return query;
}

function decoded(text: string): string | undefined {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  if (/%(?![0-9a-f]{2})/i.test(spaced)) return undefined;
  // Bytes that are no UTF-8 are no reason to refuse.
  return spaced.replaceAll(/(?:%[0-9a-f]{2})+/gi, (it) => Buffer.from(it.replaceAll("%", ""), "hex").toString("utf8"));
}
