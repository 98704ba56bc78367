// What an insight says of a proxy: connected or not, since when, with which certificate.
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { DataplaneInsight } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import { memoOn } from "#mesh";
import type { Resource } from "#resources";
import type { Change } from "#store";

export interface ProxyFacts {
  readonly isConnected: boolean;
  /** Ms since the epoch; undefined while connected or when it never was. */
  readonly disconnectedAt: number | undefined;
  /** The mesh's certificate backend that issued for it. */
  readonly issuedBackend: string;
}

const unknown: ProxyFacts = { isConnected: false, disconnectedAt: undefined, issuedBackend: "" };

/** For the insight of a Dataplane or of a zone proxy: both hold subscriptions. */
export const factsOfInsight = memoOn(({ spec }: Resource): ProxyFacts => {
  const { subscriptions, mTLS } = spec as DataplaneInsight;
  const isConnected = subscriptions.some((it) => it.connectTime && !it.disconnectTime);
  const ends = subscriptions.flatMap((it) => (it.disconnectTime ? [timestampMs(it.disconnectTime)] : []));
  return { isConnected, disconnectedAt: isConnected || ends.length === 0 ? undefined : Math.max(...ends), issuedBackend: mTLS?.issuedBackend ?? "" };
});

export const factsOf = (insight: Resource | undefined): ProxyFacts => (insight ? factsOfInsight(insight) : unknown);

/** Counters change all the time; this says whether the change is one of the facts. */
export function changesFacts({ previous, current }: Change): boolean {
  const before = factsOf(previous);
  const after = factsOf(current);
  return before.isConnected !== after.isConnected || before.disconnectedAt !== after.disconnectedAt || before.issuedBackend !== after.issuedBackend;
}
