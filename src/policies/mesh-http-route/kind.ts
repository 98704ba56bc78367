// MeshHTTPRoute: which requests of a destination go where, and how they are changed on the way.
import { backendRef, definePolicyKind, headerMatch, headerModifier, hostnameField, intOrString, portField, targetRef } from "#resources";
import { z } from "zod";
import { mergeHttpRoutes } from "./merge.ts";
import { validateMeshHTTPRoute } from "./validate.ts";

const pathRewrite = z.object({
  type: z.enum(["ReplaceFullPath", "ReplacePrefixMatch"]),
  replaceFullPath: z.string().optional(),
  replacePrefixMatch: z.string().optional(),
});
const filter = z.object({
  type: z.enum(["RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite", "RequestMirror"]),
  requestHeaderModifier: headerModifier.optional(),
  responseHeaderModifier: headerModifier.optional(),
  requestRedirect: z
    .object({
      scheme: z.enum(["http", "https"]).optional(),
      hostname: hostnameField.optional(),
      path: pathRewrite.optional(),
      port: portField.optional(),
      statusCode: z.literal([301, 302, 303, 307, 308]).default(302),
    })
    .optional(),
  urlRewrite: z.object({ hostname: hostnameField.optional(), path: pathRewrite.optional(), hostToBackendHostname: z.boolean().optional() }).optional(),
  requestMirror: z.object({ percentage: intOrString.optional(), backendRef }).optional(),
});
export type HttpFilter = z.infer<typeof filter>;

// The order of fields is the one over which the reference computes the hash of matches.
const match = z.object({
  path: z.object({ value: z.string().min(1), type: z.enum(["Exact", "PathPrefix", "RegularExpression"]) }).optional(),
  method: z.enum(["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"]).optional(),
  queryParams: z.array(z.object({ type: z.enum(["Exact", "RegularExpression"]), name: z.string().min(1), value: z.string() })).optional(),
  headers: z.array(headerMatch).optional(),
});
export type HttpMatch = z.infer<typeof match>;

const ruleConf = z.object({ filters: z.array(filter).optional(), backendRefs: z.array(backendRef).optional() });
export type HttpRuleConf = z.infer<typeof ruleConf>;

const rule = z.object({ matches: z.array(match).min(1), default: ruleConf });
export type HttpRule = z.infer<typeof rule>;

const spec = z.object({
  targetRef: targetRef.optional(),
  to: z.array(z.object({ hostnames: z.array(z.string()).optional(), targetRef, rules: z.array(rule) })).optional(),
});
export type MeshHTTPRouteSpec = z.infer<typeof spec>;

export const meshHTTPRoute = definePolicyKind({
  name: "MeshHTTPRoute",
  shortName: "mhttpr",
  order: 100,
  sections: ["to"],
  spec,
  validate: validateMeshHTTPRoute,
  merge: mergeHttpRoutes,
});
