// The document `/meshmetric`: what to collect, which of it to show, and the labels it gets.
import { z } from "zod";

const selectors = z.array(z.object({ type: z.enum(["Prefix", "Regex", "Exact", "Contains"]), match: z.string() })).nullish();

const schema = z.object({
  observability: z.object({
    metrics: z.object({
      applications: z.array(z.object({ name: z.string().nullish(), path: z.string().default("/metrics"), port: z.number().int().min(1).max(65535), address: z.string().default("") })).nullish(),
      sidecar: z
        .object({
          profiles: z.object({ appendProfiles: z.array(z.object({ name: z.enum(["All", "Basic", "None"]) })).nullish(), exclude: selectors, include: selectors }).nullish(),
          includeUnused: z.boolean().nullish(),
        })
        .nullish(),
      extraLabels: z.record(z.string(), z.string()).nullish(),
    }),
  }),
});

export type MetricsConf = z.infer<typeof schema>["observability"]["metrics"];

/** Throws for a document that is none. */
export const parseMetricsConf = (body: string): MetricsConf => schema.parse(JSON.parse(body)).observability.metrics;
