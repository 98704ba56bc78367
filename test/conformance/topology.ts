// Where the resources of a case were made and where they are looked at: the labels and names they have there.
import { displayName, hashedName, label, type Labels, type Resource } from "#resources";
import type { Labelling } from "./data.ts";

export interface Topology {
  readonly labelling: Labelling;
  readonly nameOf: (resource: Resource) => string;
}

/** `zone-k8s-2-global-uni`: made on a Kubernetes zone, seen on a Universal global. */
export function topologyOf(name: string): Topology {
  const [made = "", seen] = name.split("-2-");
  const isGlobal = made.startsWith("global");
  const isKubernetes = made.endsWith("k8s");
  const labelling: Labelling = (type, display, labels) =>
    type === "Mesh" ? labels : {
      ...(isKubernetes ? { [label.namespace]: "ns-k8s", [label.mesh]: "mesh-1" } : {}),
      [label.displayName]: display,
      [label.origin]: isGlobal ? "global" : "zone",
      ...(isGlobal ? {} : { [label.zone]: made }),
      ...labels,
    };
  return { labelling, nameOf: (resource) => (resource.type === "Mesh" ? resource.name : seen ? syncedName(resource, seen) : isKubernetes ? `${displayName(resource)}.ns-k8s` : displayName(resource)) };
}

function syncedName(resource: Resource, seen: string): string {
  const { mesh, labels } = resource;
  const hashed = hashedName(mesh, displayName(resource), labels[label.zone] ?? "", labels[label.namespace] ?? "");
  return seen.endsWith("k8s") ? `${hashed}.kuma-system` : hashed;
}

/** `policy-from-global-uni-zone-k8s-on-zone`, `policy-from-k8s-to-uni`, `uni-zone` ...: labels of the policies and of the proxy. */
export function placesOf(name: string): { readonly policies: Labelling; readonly dataplane: Labelling } {
  const isSynced = name.startsWith("policy-from-k8s-to");
  const isGlobal = name.includes("global") && !isSynced;
  const isPolicyKubernetes = name.startsWith("policy-from-global-k8s") || isSynced || name === "k8s-zone";
  const isProxyKubernetes = name === "k8s-zone" || name.includes("zone-k8s") || name.includes("dpp-k8s") || name.endsWith("to-k8s");
  const zoned = (display: string, isKubernetes: boolean): Labels => ({
    [label.displayName]: display,
    [label.origin]: "zone",
    [label.zone]: isKubernetes ? "zone-k8s" : "zone-uni",
    ...(isKubernetes ? { [label.namespace]: "ns-k8s", [label.mesh]: "mesh-1" } : {}),
  });
  const global = (display: string): Labels => ({
    [label.displayName]: display,
    [label.origin]: "global",
    [label.namespace]: "kuma-system",
    [label.policyRole]: "system",
    ...(isPolicyKubernetes ? { [label.mesh]: "mesh-1" } : {}),
  });
  return {
    policies: (_type, display, labels) => ({
      ...(isGlobal ? global(display) : zoned(display, isPolicyKubernetes)),
      ...labels,
      ...(isSynced ? { [label.policyRole]: "producer" } : {}),
    }),
    dataplane: (_type, display, labels) => ({ ...zoned(display, isProxyKubernetes), ...labels }),
  };
}
