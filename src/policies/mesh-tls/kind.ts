// MeshTLS: whether inbounds insist on mutual TLS, with which versions and ciphers.
import { definePolicyKind, fromDeprecation, targetRef } from "#resources";
import { z } from "zod";
import { validateMeshTLS } from "./validate.ts";

const version = z.enum(["TLSAuto", "TLS10", "TLS11", "TLS12", "TLS13"]).default("TLSAuto");
const conf = z.object({
  tlsVersion: z.object({ min: version, max: version }).optional(),
  tlsCiphers: z
    .array(
      z.enum([
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305",
      ]),
    )
    .optional(),
  mode: z.enum(["Permissive", "Strict"]).optional(),
});
export type TlsConf = z.infer<typeof conf>;

const spec = z.object({
  targetRef: targetRef.optional(),
  from: z.array(z.object({ targetRef, default: conf.prefault({}) })).optional(),
  rules: z.array(z.object({ default: conf.prefault({}) })).optional(),
});
export type MeshTLSSpec = z.infer<typeof spec>;

export const meshTLS = definePolicyKind({
  name: "MeshTLS",
  shortName: "mtls",
  order: 300,
  sections: ["from", "rules"],
  isFromAsRules: true,
  coversOutbounds: true,
  spec,
  validate: validateMeshTLS,
  deprecations: fromDeprecation,
});
