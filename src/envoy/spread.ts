// How calls are spread over the instances of a destination: what a policy says, and for which of the caller's tags it asks.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Destination, Plan } from "#mesh";
import type { Resource } from "#resources";
import { clusterName } from "./names.ts";
import type { PipelineParts } from "./pipeline.ts";

/** An instance with this tag is nearer than the rest of the zone. */
export interface Affinity {
  readonly key: string;
  readonly value: string;
  readonly weight: number;
}

export interface Failover {
  readonly to: "Any" | "None" | "Only" | "AnyExcept";
  readonly zones: readonly string[];
}

/** Plain data: equal ones have equal endpoints. */
export interface Spread {
  /** Other zones are called only when the own has none left. */
  readonly prefersLocalZone: boolean;
  /** Which localities there are; absent: one a zone. */
  readonly localities?: {
    readonly affinities: readonly Affinity[];
    /** What of their Dataplanes' labels endpoints tell: those that are asked for. */
    readonly labels: readonly string[];
    /** Other zones, the first to be called first; those that no entry means are not called at all. */
    readonly failover: readonly Failover[];
    readonly overprovisioningFactor: number;
  };
}

/** Who calls, as far as a policy asks. */
export interface Caller {
  readonly zone: string;
  tag(key: string): string | undefined;
}

/** A cluster whose endpoints come by EDS. */
export interface CalledCluster {
  readonly destination: Destination;
  /** As the Mesh says when absent. */
  readonly spread: Spread | undefined;
}

/** By Envoy's name; the same map for all proxies that call the same and have the tags in common that policies ask for. */
export function calledClusters(plan: Plan, parts: PipelineParts): ReadonlyMap<string, CalledCluster> {
  const { outbounds, isUnified, zone, proxy } = plan;
  const family = isUnified ? "unified" : "legacy";
  const asked = parts.shared.of(outbounds, "tags asked for", () => {
    const keys = new Set<string>();
    for (const { target } of outbounds) for (const { confs } of target.clusters) spreadOf(confs, { zone, tag: (key) => void keys.add(key) }, parts);
    return [...keys];
  });
  const tags = asked.map((key) => [key, tagOf(proxy.dataplane, key)] as const);
  return parts.shared.of(outbounds, `${family} endpoints ${zone} ${tags.length > 0 ? JSON.stringify(tags) : ""}`, () => {
    const values = new Map(tags);
    const caller: Caller = { zone, tag: (key) => values.get(key) };
    const clusters = outbounds.flatMap(({ target }) => target.clusters);
    return new Map(clusters.map(({ destination, confs }) => [clusterName(plan.meshName, destination, isUnified), { destination, spread: spreadOf(confs, caller, parts) }] as const));
  });
}

function spreadOf(confs: Plan["outbounds"][number]["target"]["confs"], caller: Caller, { policies, sealer }: PipelineParts): Spread | undefined {
  for (const policy of policies) {
    const conf = policy.spread && confs.get(policy.kind);
    const spread = conf && policy.spread?.(conf, caller);
    if (spread) return sealer.keyed(`spread ${JSON.stringify(spread)}`, () => spread);
  }
  return undefined;
}

/** A proxy without such a tag is known by its label. */
function tagOf({ spec: { networking }, labels }: Resource<Dataplane>, key: string): string | undefined {
  return networking?.inbound.find((it) => it.tags[key] !== undefined)?.tags[key] ?? networking?.gateway?.tags[key] ?? labels[key];
}
