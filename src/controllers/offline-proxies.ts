// Proxies that left long ago without saying so are forgotten (spec/dataplane.md 1.6).
import type { ZoneIngress } from "#gen/kuma/mesh/v1alpha1/zone_proxies_pb.js";
import type { Part } from "#platform";
import { label, type Place, type Resource } from "#resources";
import { changesFacts, factsOfInsight } from "./proxy-insight.ts";
import { react, type ControllerParts, type Decision, type Write } from "./reaction.ts";

export interface OfflineProxyOptions extends ControllerParts {
  readonly place: Place;
  /** `runtime.universal.dataplaneCleanupAge`. */
  readonly dataplaneCleanupAgeMs: number;
  /** `runtime.universal.zoneResourceCleanupAge`. */
  readonly zoneProxyCleanupAgeMs: number;
}

const proxies: Readonly<Record<string, string>> = { DataplaneInsight: "Dataplane", ZoneIngressInsight: "ZoneIngress", ZoneEgressInsight: "ZoneEgress" };

/** Runs on the leader of a Universal zone. */
export function removeOfflineProxies(options: OfflineProxyOptions): Part {
  const { store, platform, place, dataplaneCleanupAgeMs, zoneProxyCleanupAgeMs } = options;
  return react({
    ...options,
    name: "offline-proxies",
    gapMs: 1000,
    allSubjects: () => Object.keys(proxies),
    subjectsOf: (change) => (change.key.type in proxies && changesFacts(change) ? [change.key.type] : []),
    decide: (type) =>
      decideOffline({
        insights: store.list(type),
        proxyOf: ({ mesh, name }) => store.get({ type: proxies[type] ?? "", mesh, name }),
        ageMs: type === "DataplaneInsight" ? dataplaneCleanupAgeMs : zoneProxyCleanupAgeMs,
        place,
        now: platform.clock.now(),
      }),
  });
}

export interface OfflineView {
  readonly insights: readonly Resource[];
  readonly proxyOf: (insight: Resource) => Resource | undefined;
  readonly ageMs: number;
  readonly place: Place;
  readonly now: number;
}

export function decideOffline({ insights, proxyOf, ageMs, place, now }: OfflineView): Decision {
  const writes: Write[] = [];
  let nextAt = Infinity;
  for (const insight of insights) {
    const { disconnectedAt } = factsOfInsight(insight);
    const proxy = disconnectedAt === undefined ? undefined : proxyOf(insight);
    if (disconnectedAt === undefined || !proxy || !isLocal(proxy, place)) continue;
    if (disconnectedAt + ageMs <= now) writes.push({ is: "remove", key: proxy });
    else nextAt = Math.min(nextAt, disconnectedAt + ageMs);
  }
  return { writes, nextAt };
}

/** Those of other zones are other zones' business. */
function isLocal(proxy: Resource, place: Place): boolean {
  if (proxy.labels[label.origin] === "global") return false;
  const zone = proxy.type === "Dataplane" ? "" : (proxy.spec as ZoneIngress).zone;
  return zone === "" || zone === place.zone;
}
