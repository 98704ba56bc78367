// Query parameters of a request: given once, several times, or not.
import type { FastifyRequest } from "fastify";

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export const queryOf = (request: FastifyRequest): Query => request.query as Query;
export const single = (value: Query[string]): string | undefined => (typeof value === "string" ? value : value?.[0]);
export const several = (value: Query[string]): readonly string[] => (value === undefined ? [] : typeof value === "string" ? [value] : value);
