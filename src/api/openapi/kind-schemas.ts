// The schemas of all kinds, derived from their declarations, and of what surrounds them: lists, errors, answers to writes.
import { z } from "zod";
import type { Kind } from "#resources";
import { messageSchema, type JsonSchema } from "./message-schema.ts";

export const refTo = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

export function schemasOf(kinds: readonly Kind[]): Readonly<Record<string, JsonSchema>> {
  return { ...common, ...Object.fromEntries(kinds.flatMap((kind) => [[kind.name, resourceSchema(kind)], [`${kind.name}List`, listOf(refTo(kind.name))]])) };
}

function resourceSchema(kind: Kind): JsonSchema {
  const isMeshScoped = kind.scope === "Mesh";
  const envelope = {
    type: { type: "string", enum: [kind.name] },
    ...(isMeshScoped ? { mesh: { type: "string" } } : {}),
    name: { type: "string", maxLength: 253 },
    labels: { type: "object", additionalProperties: { type: "string" } },
    creationTime: { type: "string", format: "date-time", readOnly: true },
    modificationTime: { type: "string", format: "date-time", readOnly: true },
    ...(kind.shortName ? { kri: { type: "string", readOnly: true } } : {}),
  };
  const required = ["type", ...(isMeshScoped ? ["mesh"] : []), "name"];
  if (kind.shape === "flat") {
    const { properties = {} } = messageSchema(kind.message) as { readonly properties?: Readonly<Record<string, JsonSchema>> };
    // The envelope's own fields win, as they do when a body is read.
    return { type: "object", title: kind.displayName, required, properties: { ...properties, ...envelope } };
  }
  const status = kind.status ? { status: { ...jsonSchemaOf(kind.status), readOnly: true } } : {};
  return { type: "object", title: kind.displayName, required: [...required, "spec"], properties: { ...envelope, spec: jsonSchemaOf(kind.spec), ...status } };
}

/** What may be sent: defaults are not asked for. */
function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" });
  return rest;
}

export const listOf = (item: JsonSchema): JsonSchema => ({
  type: "object", required: ["total", "items", "next"],
  properties: { total: { type: "integer" }, items: { type: "array", items: item }, next: { type: ["string", "null"], description: "Address of the next page." } },
});

const parameter: JsonSchema = { type: "object", required: ["field", "reason"], properties: { field: { type: "string" }, reason: { type: "string" } } };

const common: Readonly<Record<string, JsonSchema>> = {
  Error: {
    type: "object", required: ["type", "status", "title", "detail"],
    properties: {
      type: { type: "string" }, status: { type: "integer" }, title: { type: "string" }, detail: { type: "string" },
      invalid_parameters: { type: "array", items: parameter }, details: { type: "string", deprecated: true },
      causes: { type: "array", deprecated: true, items: { type: "object", properties: { field: { type: "string" }, message: { type: "string" } } } },
    },
  },
  Written: { type: "object", properties: { warnings: { type: "array", items: { type: "string" } } } },
  Page: { type: "object" },
};
