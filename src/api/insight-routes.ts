// The documents about everything (spec/api.md 2.8).
import type { FastifyInstance } from "fastify";
import { sendJson } from "./errors.ts";
import type { ApiOptions } from "./options.ts";

export function insightRoutes(app: FastifyInstance, { insights, clock }: ApiOptions): void {
  if (!insights) return;
  app.get("/global-insight", async (_request, reply) => sendJson(reply, insights.global()));
  app.get("/global-insights", async (_request, reply) => sendJson(reply, { type: "GlobalInsights", creationTime: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z"), resources: insights.totals() }));
}
