// What kuma-dp asks with: the JSON of POST /bootstrap (spec/security.md 2.2). The wire contract of client and server.
import { z } from "zod";

/** Free-form content goes into Envoy's node, whose messages may be nested a hundred levels deep. */
const maxDepth = 60;
const isShallow = (value: unknown, left = maxDepth): boolean => typeof value !== "object" || value === null || (left > 0 && Object.values(value).every((it) => isShallow(it, left - 1)));
const freeForm = z.record(z.string(), z.unknown()).refine((it) => isShallow(it), `nested deeper than ${maxDepth} levels`);

const port = z.number().int().min(0).max(65535);

export const bootstrapRequestSchema = z.object({
  mesh: z.string().max(300).default(""),
  name: z.string().max(300).default(""),
  proxyType: z.string().max(50).default(""),
  dataplaneToken: z.string().max(20_000).optional(),
  dataplaneTokenPath: z.string().max(4096).optional(),
  /** The proxy's own resource as JSON text. */
  dataplaneResource: z.string().optional(),
  version: z
    .object({
      kumaDp: z.object({ version: z.string().default(""), gitTag: z.string().default(""), gitCommit: z.string().default(""), buildDate: z.string().default("") }).partial(),
      envoy: z.object({ version: z.string().default(""), build: z.string().default(""), kumaDpCompatible: z.boolean() }).partial(),
    })
    .partial()
    .default({}),
  /** PEM that the proxy trusts; may be empty. */
  caCert: z.string().default(""),
  dynamicMetadata: z.record(z.string(), z.string()).nullish(),
  otelEnv: freeForm.nullish(),
  dnsPort: port.optional(),
  readinessPort: port.optional(),
  /** True means that the application probe proxy is ENABLED: the name is inverted on the wire, and clients depend on it. */
  appProbeProxyDisabled: z.boolean().optional(),
  operatingSystem: z.string().optional(),
  features: z.array(z.string()).nullish(),
  resources: z.object({ maxHeapSizeBytes: z.number().nonnegative() }).partial().nullish(),
  workdir: z.string().max(4096).default(""),
  metricsResources: z.object({ certPath: z.string(), keyPath: z.string() }).partial().nullish(),
  systemCaPath: z.string().default(""),
  dataplaneConfig: freeForm.nullish(),
  ipv6Enabled: z.boolean().default(false),
  /** Ours: the folder in which kuma-dp keeps the files of `credentialFiles`, for those that announce `feature-watched-credentials`. */
  credentialsDir: z.string().max(4096).default(""),
  spireResources: z.object({ socketPath: z.string() }).partial().nullish(),
});

export type BootstrapRequest = z.infer<typeof bootstrapRequestSchema>;

export interface BootstrapResponse {
  /** Base64 of the YAML. */
  readonly bootstrap: string;
  readonly kumaSidecarConfiguration: {
    readonly networking: { readonly corefileTemplate?: string; readonly address?: string };
    /** Ours: what the files that Envoy watches are made of. */
    readonly controlPlane?: ControlPlaneTrust;
    readonly metrics: { readonly aggregate?: readonly { readonly name: string; readonly address: string; readonly port: number; readonly path: string }[] };
  };
}

/** How Envoy shall verify the control plane. */
export interface ControlPlaneTrust {
  /** Names and addresses of which the certificate must carry one. */
  readonly names: readonly string[];
  /** PEM: the CA that the proxy brought, or the control plane's own. */
  readonly caPem: string;
}

/** Paths of Envoy's secrets by which it verifies the control plane and shows who it is; each a file with a discovery response. */
export const credentialFiles = (folder: string) => ({ trust: `${folder}/control-plane-trust.json`, token: `${folder}/control-plane-token.json` });

/** Names of the two secrets. */
export const credentialSecrets = { trust: "cp_validation_ctx", token: "cp_token" } as const;
