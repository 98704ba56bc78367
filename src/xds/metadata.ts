// What a proxy says of itself: the node metadata that the bootstrap document put there (spec/dataplane.md 3). Untrusted: parsed, never assumed.
import type { JsonObject } from "@bufbuild/protobuf";
import type { Node } from "#gen/envoy/config/core/v3/base_pb.js";
import { feature, type ProxyTraits, type TransparentProxyTraits } from "#mesh";
import { badRequest, isObject } from "#resources";

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
  const path = (key: string) => textIn(metadata, key, maxPathLength);
  const features: ReadonlySet<string> = new Set(texts(metadata["features"]));
  const dnsPort = portIn(metadata, "dataplane.dns.port");
  const version = objectIn(metadata, "version");
  const proxyType = metadata["dataplane.proxyType"];
  const [certPath, keyPath, spireSocketPath] = [path("metricsCertPath"), path("metricsKeyPath"), path("spireAgent.socketPath")];
  return {
    id: node.id,
    mesh: node.id.slice(0, dot),
    name: node.id.slice(dot + 1),
    proxyType: proxyType === "ingress" || proxyType === "egress" ? proxyType : "dataplane",
    resourceText: resourceTextIn(metadata),
    version: { kumaDp: objectIn(version, "kumaDp"), envoy: objectIn(version, "envoy"), dependencies: dependenciesOf(objectIn(metadata, "dynamicMetadata")) },
    metadata,
    traits: {
      features,
      ipv6: metadata["ipv6Enabled"] !== false,
      dnsPort,
      readinessPort: portIn(metadata, "dataplane.readinessReporter.port"),
      adminPort: portIn(metadata, "dataplane.admin.port"),
      adminAddress: textIn(metadata, "dataplane.admin.address", maxAddressLength),
      adminSocketPath: path("dataplane.admin.socketPath"),
      workdir: path("workdir"),
      ...(metadata["dataplane.appProbeProxy.enabled"] === "true" ? { answersProbes: true } : {}),
      ...(certPath && keyPath ? { metricsTls: { certPath, keyPath } } : {}),
      ...(spireSocketPath ? { spireSocketPath } : {}),
      transparentProxy: features.has(feature.transparentProxyInMetadata) ? redirection(metadata["transparentProxy"], dnsPort) : undefined,
    },
  };
}

const [maxPathLength, maxAddressLength, maxResourceLength, maxFeatures, maxFeatureLength] = [4096, 200, 4_000_000, 200, 200];

type Fields = Readonly<Record<string, unknown>>;

// What is of another type, or too long, counts as not said.
const textIn = (fields: Fields, key: string, longest: number): string => {
  const value = fields[key];
  return typeof value === "string" && value.length <= longest ? value : "";
};
const objectIn = (fields: Fields, key: string): Fields => {
  const value = fields[key];
  return isObject(value) ? value : {};
};
const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) && value.length <= maxFeatures && value.every((it): it is string => typeof it === "string" && it.length <= maxFeatureLength) ? value : [];

/** As a number or as digits; 0 for everything else. */
function portIn(fields: Fields, key: string): number {
  const value = fields[key];
  const port = typeof value === "string" ? Number(value) : value;
  return typeof port === "number" && Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : 0;
}

/** The one thing that is not left out in silence: without it the proxy would be another. */
function resourceTextIn(metadata: Fields): string | undefined {
  const text = metadata["dataplane.resource"];
  if (text === undefined || (typeof text === "string" && text.length <= maxResourceLength)) return text;
  throw badRequest(`the node's metadata cannot be read: dataplane.resource: ${typeof text === "string" ? `longer than ${maxResourceLength} characters` : "not a text"}`);
}

/** Undefined when nothing is redirected. A proxy that says no more than that it is redirected is so in the usual way. */
function redirection(proxying: unknown, dnsPort: number): TransparentProxyTraits | undefined {
  if (!isObject(proxying)) return { inboundPort: 15006, outboundPort: 15001, outboundEnabled: true, dnsEnabled: dnsPort > 0, ipFamilyMode: "dualstack" };
  const redirect = objectIn(proxying, "redirect");
  const [inbound, outbound] = [objectIn(redirect, "inbound"), objectIn(redirect, "outbound")];
  const [isInboundEnabled, outboundEnabled] = [inbound["enabled"] === true, outbound["enabled"] === true];
  if (!isInboundEnabled && !outboundEnabled) return undefined;
  const mode = proxying["ipFamilyMode"];
  const ipFamilyMode = mode === "ipv4" || mode === "ipv6" ? mode : "dualstack";
  return { inboundPort: portIn(inbound, "port"), outboundPort: portIn(outbound, "port"), outboundEnabled, dnsEnabled: dnsPort > 0, ipFamilyMode };
}

const dependencyPrefix = "version.dependencies.";

function dependenciesOf(dynamic: Fields): Record<string, string> {
  const entries = Object.entries(dynamic);
  if (!entries.every((it): it is [string, string] => typeof it[1] === "string")) return {};
  return Object.fromEntries(entries.flatMap(([key, value]) => (key.startsWith(dependencyPrefix) ? [[key.slice(dependencyPrefix.length), value]] : [])));
}
