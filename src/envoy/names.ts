// Names of Envoy resources: two families, the older one and the unified one (spec/dataplane.md 5.2). Users' dashboards and patches depend on them.
import { createHash } from "node:crypto";
import { displayName, label, tag } from "#resources";
import type { Destination, Inbound } from "#mesh";

export const system = {
  admin: { legacy: "kuma:envoy:admin", unified: "system_envoy_admin" },
  readiness: { legacy: "kuma:readiness", unified: "system_probe_readiness" },
  dns: { legacy: "kuma:dns", unified: "system_dns" },
  dynamicConfig: { legacy: "_kuma:dynamicconfig", unified: "system_dynamicconfig" },
  identity: (mesh: string) => ({ legacy: `identity_cert:secret:${mesh}`, unified: `system_mtls_identity_${mesh}` }),
  meshCa: (mesh: string) => ({ legacy: `mesh_ca:secret:${mesh}`, unified: `system_mtls_ca_${mesh}` }),
  /** Trust of all domains that MeshTrusts name; the same in both families. */
  trustBundle: "system_trust_bundle",
  /** The cluster of SPIRE's agent beside the proxy, and its name for all it trusts. */
  spireAgent: "system_identity_sds-spire-agent",
  everyTrustDomain: "ALL",
  passthrough: (direction: "inbound" | "outbound", family: "ipv4" | "ipv6") => ({
    legacy: `${direction}:passthrough:${family}`,
    unified: `self_transparentproxy_passthrough_${direction}_${family}`,
  }),
  /** The same in both families. */
  meshPrometheus: { listener: "kuma:metrics:prometheus", cluster: "kuma:metrics:hijacker" },
  probes: { listener: "probe:listener", routes: "probe:route_configuration", virtualHost: "probe" },
  noDestination: "self_transparentproxy_no_destination_inbound",
} as const;

/** A socket file of the proxy; the path before `.sock` is cut at 98 characters, as the kernel's limit asks (spec/dataplane.md 2.6). */
export const socketPath = (workdir: string, name: string): string => `${`${workdir}/${name}`.slice(0, 98)}.sock`;

export const bracketed = (address: string): string => (address.includes(":") ? `[${address}]` : address);

/** Characters outside [A-Za-z0-9_-] become `_`, as metric names need it. */
export const sanitised = (name: string): string => name.replace(/[^A-Za-z0-9_-]/g, "_");

export function inboundListenerName(inbound: Inbound, isUnified: boolean): string {
  return isUnified ? `self_inbound_dp_${inbound.section}` : `inbound:${bracketed(inbound.address)}:${inbound.port}`;
}

export function inboundClusterName(inbound: Inbound, isUnified: boolean): string {
  return isUnified ? `self_inbound_dp_${inbound.section}` : `localhost:${inbound.workloadPort}`;
}

export function outboundListenerName(address: string, port: number, destination: Destination, isUnified: boolean): string {
  return isUnified && destination.is === "resource" ? destination.kriText : `outbound:${bracketed(address)}:${port}`;
}

/** Name of the cluster and of its endpoints. */
export function clusterName(mesh: string, destination: Destination, isUnified: boolean): string {
  if (destination.is === "service") return serviceClusterName(destination.tags);
  if (isUnified) return destination.kriText;
  const { resource, kri, port } = destination;
  const namespace = resource.labels[label.namespace] ?? "";
  return `${mesh}_${displayName(resource)}_${namespace}_${resource.labels[label.zone] ?? ""}_${kri.shortName}_${port.port}`;
}

/** `<service>`, or with further tags `<service>-<hash>`: first 8 bytes of sha256 over all keys and values in order (spec/dataplane.md 10). */
export function serviceClusterName(tags: Readonly<Record<string, string>>): string {
  const service = tags[tag.service] ?? "";
  const own = Object.entries(tags).filter(([key]) => key !== tag.mesh).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const suffix = tags[tag.mesh] ? `_${tags[tag.mesh]}` : "";
  if (own.length <= 1) return `${service}${suffix}`;
  const hash = createHash("sha256").update(own.map(([key, value]) => key + value).join("")).digest("hex").slice(0, 16);
  return `${service}-${hash}${suffix}`;
}

export function routeConfigName(destination: Destination): string {
  return destination.is === "service" ? `outbound:${destination.service}` : destination.kriText;
}

export function virtualHostName(mesh: string, destination: Destination, isUnified: boolean): string {
  return destination.is === "service" ? destination.service : clusterName(mesh, destination, isUnified);
}
