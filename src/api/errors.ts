// Failures as REST answers: status and error document, old and new fields (spec/api.md 2.2).
import type { FastifyReply } from "fastify";
import { failureOf, KumaError, type Failure, type Violation } from "#resources";

export interface ErrorDocument {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly violations?: readonly Violation[];
}

/** A refusal of the API itself, with its own words. */
export class ApiError extends Error {
  readonly document: ErrorDocument;
  constructor(document: ErrorDocument) {
    super(document.detail);
    this.name = "ApiError";
    this.document = document;
  }
}

const titles: Readonly<Partial<Record<Failure["is"], string>>> = {
  "bad-request": "Bad Request",
  conflict: "Conflict",
  denied: "Access Denied",
  "read-only": "Method not allowed",
  unavailable: "Service unavailable",
};
const statuses: Readonly<Record<Failure["is"], number>> = {
  "not-found": 404, conflict: 409, invalid: 400, "bad-request": 400, denied: 403, unauthenticated: 401, "read-only": 405, unavailable: 503,
};

/** Undefined for errors that are nobody's fault but ours. */
export function documentOf(error: unknown, attempt = "Internal Server Error"): ErrorDocument | undefined {
  if (error instanceof ApiError) return error.document;
  const failure = failureOf(error);
  if (!failure) return undefined;
  const title = titles[failure.is] ?? (error instanceof KumaError ? error.attempt : undefined) ?? attempt;
  const status = statuses[failure.is];
  if (failure.is === "invalid") return { status, title, detail: "Resource is not valid", violations: failure.violations };
  if (failure.is === "unauthenticated") return { status, title, detail: "Unauthenticated" };
  return { status, title, detail: failure.message };
}

export function sendError(reply: FastifyReply, { status, title, detail, violations }: ErrorDocument): FastifyReply {
  const fields = violations?.length
    ? {
        invalid_parameters: violations.map((it) => ({ field: it.field, reason: it.message })),
        causes: violations.map((it) => ({ field: it.field, message: it.message })),
      }
    : undefined;
  const document = {
    type: "/std-errors", status, title, detail,
    ...(fields ? { invalid_parameters: fields.invalid_parameters } : {}),
    details: detail,
    ...(fields ? { causes: fields.causes } : {}),
  };
  return sendJson(reply.code(status), document);
}

/** JSON the way the reference writes it: one space per level, a newline at the end. */
export const sendJson = (reply: FastifyReply, document: unknown): FastifyReply => sendAs(reply, "application/json", `${JSON.stringify(document, null, 1)}\n`);

/** Bytes, not text: fastify would add a charset to the media type, which clients do not expect. */
export const sendAs = (reply: FastifyReply, mediaType: string, text: string | Buffer): FastifyReply => reply.header("content-type", mediaType).send(typeof text === "string" ? Buffer.from(text) : text);

export function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).header("content-type", "text/plain; charset=utf-8").send(text);
}
