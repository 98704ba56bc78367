// Parts of specs and statuses that several kinds share: conditions, hostnames, references to generators.
import { z } from "zod";

export const conditionSchema = z.object({ type: z.string(), status: z.enum(["True", "False", "Unknown"]), reason: z.string(), message: z.string() });
export type Condition = z.infer<typeof conditionSchema>;

const hostnameGeneratorRef = z.object({ coreName: z.string() });

export const addressesField = z.array(z.object({ hostname: z.string().optional(), origin: z.string().optional(), hostnameGeneratorRef: hostnameGeneratorRef.optional() })).optional();
export const vipsField = z.array(z.object({ ip: z.string().optional() })).optional();
export const hostnameGeneratorsField = z.array(z.object({ hostnameGeneratorRef, conditions: z.array(conditionSchema).optional() })).optional();
export const conditionsField = z.array(conditionSchema).optional();

/** Free-form settings of an extension. */
export const extensionConfig = z.unknown().optional();
export const matchLabels = z.record(z.string(), z.string());
