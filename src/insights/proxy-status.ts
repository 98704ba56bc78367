// What is known of connected proxies, written as DataplaneInsight (and its siblings): together, soon after something happened, never per message.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  DataplaneInsightSchema, DiscoverySubscriptionSchema, DiscoverySubscriptionStatusSchema, type DataplaneInsight, type DiscoverySubscription, type DiscoverySubscriptionStatus,
} from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import { ZoneEgressInsightSchema, ZoneIngressInsightSchema, type ZoneEgressInsight, type ZoneIngressInsight } from "#gen/kuma/mesh/v1alpha1/zone_proxies_pb.js";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Platform } from "#platform";
import { failureOf, type Resource, type ResourceKey } from "#resources";
import type { WriteDoor } from "#write";

export interface ProxyStatusOptions {
  readonly door: WriteDoor;
  readonly platform: Platform;
  readonly instanceId: string;
  /** `xdsServer.dataplaneStatusFlushInterval`: counters wait this long, connections and certificates do not. */
  readonly flushIntervalMs: number;
  /** `metrics.dataplane.subscriptionLimit`. */
  readonly subscriptionLimit: number;
}

export interface ConnectionFacts {
  readonly version: { readonly kumaDp: Readonly<Record<string, unknown>>; readonly envoy: Readonly<Record<string, unknown>>; readonly dependencies: Readonly<Record<string, string>> };
  readonly metadata: JsonObject;
}

export interface Certificate {
  readonly validity?: { readonly issuedAt: number; readonly expiresAt: number } | undefined;
  readonly backend: string;
  readonly supportedBackends: readonly string[];
}

export interface Connection {
  sent(typeUrl: string): void;
  acknowledged(typeUrl: string): void;
  rejected(typeUrl: string, reason: string): void;
  certificate(facts: Certificate): void;
  ended(): void;
}

export interface ProxyStatus {
  connected(proxy: ResourceKey, facts: ConnectionFacts): Connection;
  /** Why the proxy refused its newest configuration, by type; empty when it took everything. */
  refusals(proxy: ResourceKey): ReadonlyMap<string, string>;
}

/** Things that others wait for (a connection, a certificate) are written this soon: a storm of them still becomes few writes. */
const soonMs = 100;

/** Types that are counted by themselves. */
const statTypes = {
  cds: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  eds: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  lds: "type.googleapis.com/envoy.config.listener.v3.Listener",
  rds: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
} as const;

const insightTypes: Readonly<Record<string, string>> = { Dataplane: "DataplaneInsight", ZoneIngress: "ZoneIngressInsight", ZoneEgress: "ZoneEgressInsight" };

export function trackProxies(options: ProxyStatusOptions): ProxyStatus {
  const { platform, door } = options;
  const log = platform.log.child("insights");
  const refused = new Map<string, Map<string, string>>();
  const name = (key: ResourceKey) => `${key.type}/${key.mesh}/${key.name}`;

  return {
    refusals: (proxy) => refused.get(name(proxy)) ?? new Map(),
    connected(proxy, facts) {
      const subscription = openSubscription(options, facts);
      let certificate: Certificate | undefined;
      let regenerations = 0;
      let cancelFlush: (() => void) | undefined;
      let flushAt = Infinity;
      let hasEnded = false;
      let lastUpdateMs = platform.clock.now();
      const flush = async () => {
        subscription.status = statusOf(total, byType, lastUpdateMs);
        cancelFlush = undefined;
        flushAt = Infinity;
        const key = { type: insightTypes[proxy.type] ?? "DataplaneInsight", mesh: proxy.mesh, name: proxy.name };
        try {
          await door.update({ is: "proxy", name: proxy.name }, key, (current) => ({
            ...key, labels: current?.labels ?? {}, owner: proxy, spec: shaped(proxy.type, nextInsight(current as Resource<DataplaneInsight> | undefined, subscription, facts, certificate, regenerations, options)),
          }));
        } catch (error) {
          // The proxy itself is gone: there is nothing to report about.
          if (failureOf(error)?.is === "not-found" || failureOf(error)?.is === "invalid") return log.debug("no insight for a proxy that is gone", { proxy: proxy.name, error });
          log.warn("could not write the insight of a proxy", { proxy: proxy.name, error });
          if (!hasEnded) flushIn(options.flushIntervalMs);
        }
      };
      const flushIn = (delayMs: number) => {
        const at = platform.clock.now() + delayMs;
        if (at >= flushAt) return;
        cancelFlush?.();
        flushAt = at;
        cancelFlush = platform.clock.after(delayMs, () => void flush());
      };
      const total = openCounts();
      const byType = new Map<string, Counts>();
      /** Nobody else is called as often: counted in numbers, told as messages when they are written. */
      const countsOf = (typeUrl: string): Counts => {
        const known = byType.get(typeUrl) ?? openCounts();
        byType.set(typeUrl, known);
        lastUpdateMs = platform.clock.now();
        if (flushAt === Infinity) flushIn(options.flushIntervalMs);
        return known;
      };
      flushIn(soonMs);
      return {
        sent(typeUrl) {
          countsOf(typeUrl).sent++;
          total.sent++;
        },
        acknowledged(typeUrl) {
          if (refused.size > 0) refused.get(name(proxy))?.delete(typeUrl);
          countsOf(typeUrl).acknowledged++;
          total.acknowledged++;
        },
        rejected(typeUrl, reason) {
          const its = refused.get(name(proxy)) ?? new Map<string, string>();
          refused.set(name(proxy), its.set(typeUrl, reason));
          countsOf(typeUrl).rejected++;
          total.rejected++;
          flushIn(soonMs);
        },
        certificate(next) {
          certificate = next;
          regenerations++;
          flushIn(soonMs);
        },
        ended() {
          hasEnded = true;
          refused.delete(name(proxy));
          subscription.disconnectTime = timestampFromMs(platform.clock.now());
          cancelFlush?.();
          void flush();
        },
      };
    },
  };
}

function openSubscription({ platform, instanceId }: ProxyStatusOptions, { version }: ConnectionFacts): DiscoverySubscription {
  const text = (from: Readonly<Record<string, unknown>>, key: string) => (typeof from[key] === "string" ? from[key] : "");
  const zero = {};
  return create(DiscoverySubscriptionSchema, {
    id: platform.random.uuid(),
    controlPlaneInstanceId: instanceId,
    connectTime: timestampFromMs(platform.clock.now()),
    status: { lastUpdateTime: timestampFromMs(platform.clock.now()), total: zero, cds: zero, eds: zero, lds: zero, rds: zero },
    version: {
      kumaDp: { version: text(version.kumaDp, "version"), gitTag: text(version.kumaDp, "gitTag"), gitCommit: text(version.kumaDp, "gitCommit"), buildDate: text(version.kumaDp, "buildDate"), kumaCpCompatible: true },
      envoy: { version: text(version.envoy, "version"), build: text(version.envoy, "build"), kumaDpCompatible: version.envoy.kumaDpCompatible === true },
      dependencies: { ...version.dependencies },
    },
  });
}

/** Insights of zone proxies have the same fields, without certificates. */
function shaped(type: string, insight: DataplaneInsight): DataplaneInsight | ZoneIngressInsight | ZoneEgressInsight {
  const { subscriptions, metadata } = insight;
  const fields = { subscriptions, ...(metadata ? { metadata } : {}) };
  if (type === "ZoneIngress") return create(ZoneIngressInsightSchema, fields);
  return type === "ZoneEgress" ? create(ZoneEgressInsightSchema, fields) : insight;
}

interface Counts {
  sent: number;
  acknowledged: number;
  rejected: number;
}

const openCounts = (): Counts => ({ sent: 0, acknowledged: 0, rejected: 0 });

function statusOf(total: Counts, byType: ReadonlyMap<string, Counts>, lastUpdateMs: number): DiscoverySubscriptionStatus {
  const stats = (counts: Counts | undefined) => ({ responsesSent: BigInt(counts?.sent ?? 0), responsesAcknowledged: BigInt(counts?.acknowledged ?? 0), responsesRejected: BigInt(counts?.rejected ?? 0) });
  const { cds, eds, lds, rds } = statTypes;
  return create(DiscoverySubscriptionStatusSchema, {
    lastUpdateTime: timestampFromMs(lastUpdateMs), total: stats(total), cds: stats(byType.get(cds)), eds: stats(byType.get(eds)), lds: stats(byType.get(lds)), rds: stats(byType.get(rds)),
  });
}

/** Earlier subscriptions stay up to the limit; one of ours that was left open by a crash is closed. */
function nextInsight(
  current: Resource<DataplaneInsight> | undefined, subscription: DiscoverySubscription, facts: ConnectionFacts, certificate: Certificate | undefined, regenerations: number, { subscriptionLimit }: ProxyStatusOptions,
): DataplaneInsight {
  const before = (current?.spec.subscriptions ?? []).filter((it) => it.id !== subscription.id).map((it) => (it.disconnectTime || !subscription.connectTime ? it : { ...it, disconnectTime: subscription.connectTime }));
  const kept = before.slice(Math.max(0, before.length - Math.max(0, subscriptionLimit - 1)));
  const insight = create(DataplaneInsightSchema, { subscriptions: [...kept, { ...subscription }], metadata: facts.metadata });
  const mtls = current?.spec.mTLS;
  if (certificate) {
    insight.mTLS = create(DataplaneInsightSchema, {
      mTLS: {
        ...(certificate.validity ? { certificateExpirationTime: timestampFromMs(certificate.validity.expiresAt), lastCertificateRegeneration: timestampFromMs(certificate.validity.issuedAt) } : {}),
        certificateRegenerations: regenerations, issuedBackend: certificate.backend, supportedBackends: [...certificate.supportedBackends],
      },
    }).mTLS;
  } else if (mtls) insight.mTLS = mtls;
  return insight;
}
