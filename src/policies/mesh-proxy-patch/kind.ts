// MeshProxyPatch: changes to the Envoy configuration itself, the last resort.
import { definePolicyKind, targetRef } from "#resources";
import { z } from "zod";
import { validateMeshProxyPatch } from "./validate.ts";

const text = z.string().optional();
const tags = z.record(z.string(), z.string()).optional();
const patch = {
  value: z.string().optional(),
  jsonPatches: z
    .array(z.object({ op: z.enum(["add", "remove", "replace", "move", "copy"]), path: z.string(), from: text, value: z.unknown().optional() }))
    .optional(),
};
const resource = z.enum(["Add", "Remove", "Patch"]);
const filter = z.enum(["Remove", "Patch", "AddFirst", "AddBefore", "AddAfter", "AddLast"]);
const filterModification = z.object({ match: z.object({ origin: text, name: text, listenerName: text, listenerTags: tags }).optional(), operation: filter, ...patch });

const modification = z.object({
  cluster: z.object({ match: z.object({ origin: text, name: text }).optional(), operation: resource, ...patch }).optional(),
  listener: z.object({ match: z.object({ origin: text, name: text, tags }).optional(), operation: resource, ...patch }).optional(),
  networkFilter: filterModification.optional(),
  httpFilter: filterModification.optional(),
  virtualHost: z.object({ match: z.object({ origin: text, name: text, routeConfigurationName: text }), operation: resource, ...patch }).optional(),
});
export type ProxyModification = z.infer<typeof modification>;

const spec = z.object({ targetRef: targetRef.optional(), default: z.object({ appendModifications: z.array(modification).optional() }) });
export type MeshProxyPatchSpec = z.infer<typeof spec>;

export const meshProxyPatch = definePolicyKind({ name: "MeshProxyPatch", shortName: "mpp", order: 9999, sections: [], spec, validate: validateMeshProxyPatch });
