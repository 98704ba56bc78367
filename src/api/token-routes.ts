// Tokens on request; issuing itself is handed in (spec/security.md 3.5).
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { parseDuration } from "#platform";
import { KumaError, invalid, violation, type Violation } from "#resources";
import { sendAs } from "./errors.ts";
import { readJson } from "./json-body.ts";
import type { ApiOptions, TokenDesk } from "./options.ts";

const text = z.string().nullish().transform((it) => it ?? "");
const dataplaneBody = z.object({ name: text, mesh: text, tags: z.record(z.string(), z.array(z.string())).nullish(), type: text, workload: text, validFor: text });
const zoneBody = z.object({ zone: text, scope: z.array(z.string()).nullish(), validFor: text });
const userBody = z.object({ name: text, groups: z.array(z.string()).nullish(), validFor: text });

export function tokenRoutes(app: FastifyInstance, options: ApiOptions): void {
  const { tokens } = options;
  if (!tokens) return;
  const config = { config: { producesText: true, hasOwnRule: true } };
  app.post("/tokens/dataplane", config, async (request, reply) => {
    const body = readBody(dataplaneBody, request);
    return body ? sendToken(reply, await dataplaneToken(tokens, request, body)) : unreadable(reply);
  });
  app.post("/tokens/zone", config, async (request, reply) => {
    const body = readBody(zoneBody, request);
    if (!body) return unreadable(reply);
    tokens.mayIssue(request.user, { token: "zone", zone: body.zone });
    const { validForMs, violations } = lifetime(body.validFor);
    const badScopes = (body.scope ?? []).filter((it) => !["ingress", "egress"].includes(it));
    throwIf([
      ...(body.scope ? [] : [violation("scope", "cannot be empty")]),
      ...badScopes.map((it) => violation("scope", `${it} is not a valid scope`)),
      ...violations,
    ]);
    return sendToken(reply, await tokens.zone({ zone: body.zone, scope: body.scope ?? [], validForMs: validForMs ?? tokens.defaultValidForMs }));
  });
  const { user: issueUserToken } = tokens;
  if (!issueUserToken) return;
  app.post("/tokens/user", config, async (request, reply) => {
    tokens.mayIssue(request.user, { token: "user" });
    const body = readBody(userBody, request);
    if (!body) return unreadable(reply);
    const { validForMs, violations } = lifetime(body.validFor);
    throwIf([
      ...(body.name === "" ? [violation("name", "cannot be empty")] : []),
      ...(body.validFor === "" ? [violation("validFor", "cannot be empty")] : violations),
      ...(body.validFor !== "" && !validForMs ? [violation("validFor", "cannot be empty or nil")] : []),
    ]);
    return sendToken(reply, await issueUserToken({ name: body.name, groups: body.groups ?? [], validForMs: validForMs ?? 0 }));
  });
}

async function dataplaneToken(tokens: TokenDesk, request: FastifyRequest, body: z.infer<typeof dataplaneBody>): Promise<string> {
  const { validForMs, violations } = lifetime(body.validFor);
  const type = body.type === "" || body.type === "dataplane" ? "dataplane" : body.type === "ingress" || body.type === "egress" ? body.type : undefined;
  const isLabel = body.workload === "" || (body.workload.length <= 63 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(body.workload));
  throwIf([
    ...violations,
    ...(body.mesh === "" ? [violation("mesh", "cannot be empty")] : []),
    ...(type ? [] : [violation("type", `${body.type} is not a valid proxy type`)]),
    ...(isLabel ? [] : [violation("workload", "must be a valid DNS-1035 label")]),
  ]);
  tokens.mayIssue(request.user, { token: "dataplane" });
  const { name, mesh, workload } = body;
  return tokens.dataplane({ name, mesh, workload, tags: body.tags ?? {}, type: type ?? "dataplane", validForMs: validForMs ?? tokens.defaultValidForMs });
}

/** Undefined when the body is no JSON of the right shape; `null` counts as empty. */
function readBody<T>(schema: z.ZodType<T>, request: FastifyRequest): T | undefined {
  const body = readJson(request.body);
  return body.is === "json" ? schema.safeParse(body.value === null ? {} : body.value).data : undefined;
}

function lifetime(validFor: string): { readonly validForMs: number | undefined; readonly violations: readonly Violation[] } {
  if (validFor === "") return { validForMs: undefined, violations: [] };
  const validForMs = parseDuration(validFor);
  if (validForMs === undefined) return { validForMs, violations: [violation("validFor", `is invalid: time: invalid duration "${validFor}"`)] };
  return { validForMs, violations: validForMs < 0 ? [violation("validFor", "must not be negative")] : [] };
}

function throwIf(violations: readonly Violation[]): void {
  if (violations.length > 0) throw new KumaError(invalid(violations).failure, { attempt: "Invalid request" });
}

const unreadable = (reply: FastifyReply) => reply.code(400).send();
const sendToken = (reply: FastifyReply, token: string) => sendAs(reply, "text/plain", token);
