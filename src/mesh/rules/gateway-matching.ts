// Which policies of a kind select a builtin gateway, and for which of its listeners and hostnames (spec/api.md 1.12).
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { displayName, label, type Kind, type Labels, type Resource, type TargetRef } from "#resources";
import { hasTags, inboundKey, isInReach, wantedTags, type MatchOptions } from "./matching.ts";
import { orderPolicies } from "./order.ts";
import { internPolicies, topOf, type PolicyResource } from "./policies.ts";

interface Listener {
  readonly port: number;
  /** Absent or empty: every hostname. */
  readonly hostname?: string;
  readonly tags?: Labels;
}

/** What counts of a MeshGateway. */
export type GatewayResource = Resource<{ readonly tags?: Labels; readonly conf?: { readonly listeners?: readonly Listener[] } | undefined }>;

export interface MatchedGatewayPolicies {
  readonly kind: Kind;
  readonly all: readonly PolicyResource[];
  /** By `address:port`: what applies to at least one hostname of the listener. */
  readonly byListener: ReadonlyMap<string, readonly PolicyResource[]>;
  /** By `address:port:hostname`, with `*` for listeners without one. */
  readonly byHostname: ReadonlyMap<string, readonly PolicyResource[]>;
}

/** `gateway` is the MeshGateway that the proxy serves. Every listener is a key, also when nothing applies to it. */
export function matchGatewayPolicies(
  kind: Kind, policies: readonly PolicyResource[], dataplane: Resource<Dataplane>, gateway: GatewayResource, options: MatchOptions = {},
): MatchedGatewayPolicies {
  const networking = dataplane.spec.networking;
  const candidates = orderPolicies(policies).filter(
    (policy) => (options.includeShadow || policy.labels[label.effect] !== "shadow") && isInReach(policy, gateway.labels, dataplane.labels[label.namespace]),
  );
  const byListener = new Map<string, Set<PolicyResource>>();
  const byHostname = new Map<string, readonly PolicyResource[]>();
  for (const listener of gateway.spec.conf?.listeners ?? []) {
    const tags = { ...networking?.gateway?.tags, ...gateway.spec.tags, ...listener.tags };
    const selected = candidates.filter((policy) => isSelected(topOf(policy), tags, gateway));
    const key = inboundKey(networking?.address ?? "", listener.port);
    byHostname.set(`${key}:${listener.hostname || "*"}`, internPolicies(selected));
    byListener.set(key, (byListener.get(key) ?? new Set()).union(new Set(selected)));
  }
  const inOrder = (selected: ReadonlySet<PolicyResource>) => internPolicies(candidates.filter((policy) => selected.has(policy)));
  return {
    kind,
    all: inOrder(new Set([...byListener.values()].flatMap((selected) => [...selected]))),
    byListener: new Map([...byListener].map(([key, selected]) => [key, inOrder(selected)])),
    byHostname,
  };
}

function isSelected(ref: TargetRef, tags: Labels, gateway: GatewayResource): boolean {
  if ((ref.kind === "Mesh" || ref.kind === "MeshSubset") && ref.proxyTypes?.length && !ref.proxyTypes.includes("Gateway")) return false;
  if (ref.kind === "MeshGateway") return ref.name === displayName(gateway) && hasTags(tags, ref.tags ?? {});
  const wanted = wantedTags(ref);
  return wanted !== undefined && hasTags(tags, wanted);
}
