// MeshPassthrough: which addresses outside the mesh a proxy may be used to reach.
import { definePolicyKind, uint32Field, targetRef } from "#resources";
import { z } from "zod";
import { validateMeshPassthrough } from "./validate.ts";

const match = z.object({
  type: z.enum(["Domain", "IP", "CIDR"]),
  value: z.string(),
  port: uint32Field.optional(),
  protocol: z.enum(["tcp", "tls", "grpc", "http", "http2", "mysql"]).default("tcp"),
});
export type PassthroughMatch = z.infer<typeof match>;

const conf = z.object({ passthroughMode: z.enum(["All", "Matched", "None"]).optional(), appendMatch: z.array(match).optional() });
export type PassthroughConf = z.infer<typeof conf>;

const spec = z.object({ targetRef: targetRef.optional(), default: conf.prefault({}) });
export type MeshPassthroughSpec = z.infer<typeof spec>;

export const meshPassthrough = definePolicyKind({ name: "MeshPassthrough", shortName: "mp", order: 500, sections: [], spec, validate: validateMeshPassthrough });
