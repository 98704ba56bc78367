// What a proxy says of itself: the node metadata that the bootstrap document put there (spec/dataplane.md 3). Untrusted: parsed, never assumed.
import type { JsonObject } from "@bufbuild/protobuf";
import { z } from "zod";
import type { Node } from "#gen/envoy/config/core/v3/base_pb.js";
import { feature, type ProxyTraits, type TransparentProxyTraits } from "#mesh";
import { badRequest } from "#resources";

const port = z.coerce.number().int().min(0).max(65535).catch(0);
const redirect = z.object({ enabled: z.boolean().catch(false), port }).partial().catch({});

const schema = z.object({
  version: z.object({ kumaDp: z.record(z.string(), z.unknown()), envoy: z.record(z.string(), z.unknown()) }).partial().catch({}),
  features: z.array(z.string().max(200)).max(200).catch([]),
  workdir: z.string().max(4096).catch(""),
  ipv6Enabled: z.boolean().catch(true),
  "dataplane.resource": z.string().max(4_000_000).optional(),
  "dataplane.admin.port": port.optional(),
  "dataplane.admin.address": z.string().max(200).catch(""),
  "dataplane.admin.socketPath": z.string().max(4096).catch(""),
  metricsCertPath: z.string().max(4096).catch(""),
  metricsKeyPath: z.string().max(4096).catch(""),
  "spireAgent.socketPath": z.string().max(4096).catch(""),
  "dataplane.dns.port": port.optional(),
  "dataplane.readinessReporter.port": port.optional(),
  "dataplane.appProbeProxy.enabled": z.string().catch(""),
  "dataplane.proxyType": z.enum(["dataplane", "ingress", "egress"]).catch("dataplane"),
  dynamicMetadata: z.record(z.string(), z.string()).catch({}),
  transparentProxy: z
    .object({
      ipFamilyMode: z.enum(["dualstack", "ipv4", "ipv6"]).catch("dualstack"),
      redirect: z.object({ inbound: redirect, outbound: redirect, dns: redirect }).partial().catch({}),
    })
    .partial()
    .optional()
    .catch(undefined),
});

export type ProxyType = "dataplane" | "ingress" | "egress";

export interface NodeFacts {
  readonly id: string;
  readonly mesh: string;
  readonly name: string;
  readonly proxyType: ProxyType;
  /** The Dataplane as JSON text, when kuma-dp brought one along. */
  readonly resourceText: string | undefined;
  readonly traits: ProxyTraits;
  readonly version: { readonly kumaDp: Readonly<Record<string, unknown>>; readonly envoy: Readonly<Record<string, unknown>>; readonly dependencies: Readonly<Record<string, string>> };
  readonly metadata: JsonObject;
}

/** A mesh's and a resource's name, each of 253 characters at most. */
const maxIdLength = 600;

/** Throws a KumaError for a node without a usable id. */
export function parseNode(node: Node): NodeFacts {
  if (node.id.length > maxIdLength) throw badRequest(`the node id is longer than ${maxIdLength} characters`);
  const dot = node.id.indexOf(".");
  if (dot < 0 || dot === node.id.length - 1) throw badRequest(`invalid node id "${node.id.slice(0, 100)}": expected <mesh>.<name>`);
  const metadata = node.metadata ?? {};
  const result = schema.safeParse(metadata);
  if (!result.success) throw badRequest(`the node's metadata cannot be read: ${result.error.issues.map((it) => `${it.path.join(".")}: ${it.message}`).join("; ")}`);
  const parsed = result.data;
  const features = new Set(parsed.features);
  const dnsPort = parsed["dataplane.dns.port"] ?? 0;
  return {
    id: node.id,
    mesh: node.id.slice(0, dot),
    name: node.id.slice(dot + 1),
    proxyType: parsed["dataplane.proxyType"],
    resourceText: parsed["dataplane.resource"],
    version: { kumaDp: parsed.version.kumaDp ?? {}, envoy: parsed.version.envoy ?? {}, dependencies: dependenciesOf(parsed.dynamicMetadata) },
    metadata,
    traits: {
      features,
      ipv6: parsed.ipv6Enabled,
      dnsPort,
      readinessPort: parsed["dataplane.readinessReporter.port"] ?? 0,
      adminPort: parsed["dataplane.admin.port"] ?? 0,
      adminAddress: parsed["dataplane.admin.address"],
      adminSocketPath: parsed["dataplane.admin.socketPath"],
      workdir: parsed.workdir,
      ...(parsed["dataplane.appProbeProxy.enabled"] === "true" ? { answersProbes: true } : {}),
      ...(parsed.metricsCertPath && parsed.metricsKeyPath ? { metricsTls: { certPath: parsed.metricsCertPath, keyPath: parsed.metricsKeyPath } } : {}),
      ...(parsed["spireAgent.socketPath"] ? { spireSocketPath: parsed["spireAgent.socketPath"] } : {}),
      transparentProxy: features.has(feature.transparentProxyInMetadata) ? redirection(parsed.transparentProxy, dnsPort) : undefined,
    },
  };
}

/** Undefined when nothing is redirected. A proxy that says no more than that it is redirected is so in the usual way. */
function redirection(proxying: z.infer<typeof schema>["transparentProxy"], dnsPort: number): TransparentProxyTraits | undefined {
  const { inbound, outbound } = proxying ? (proxying.redirect ?? {}) : { inbound: { enabled: true, port: 15006 }, outbound: { enabled: true, port: 15001 } };
  if (!inbound?.enabled && !outbound?.enabled) return undefined;
  return { inboundPort: inbound?.port ?? 0, outboundPort: outbound?.port ?? 0, outboundEnabled: outbound?.enabled ?? false, dnsEnabled: dnsPort > 0, ipFamilyMode: proxying?.ipFamilyMode ?? "dualstack" };
}

const dependencyPrefix = "version.dependencies.";

const dependenciesOf = (dynamic: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(dynamic).flatMap(([key, value]) => (key.startsWith(dependencyPrefix) ? [[key.slice(dependencyPrefix.length), value]] : [])));
