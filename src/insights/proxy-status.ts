// What is known of connected proxies, written as DataplaneInsight (and its siblings): together, soon after something happened, never per message.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  DataplaneInsightSchema, DiscoverySubscriptionSchema, type DataplaneInsight, type DiscoveryServiceStats, type DiscoverySubscription,
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

const statOf: Readonly<Record<string, "cds" | "eds" | "lds" | "rds">> = {
  "type.googleapis.com/envoy.config.cluster.v3.Cluster": "cds",
  "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment": "eds",
  "type.googleapis.com/envoy.config.listener.v3.Listener": "lds",
  "type.googleapis.com/envoy.config.route.v3.RouteConfiguration": "rds",
};

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
        if (subscription.status) subscription.status.lastUpdateTime = timestampFromMs(lastUpdateMs);
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
      const count = (typeUrl: string, what: "responsesSent" | "responsesAcknowledged" | "responsesRejected") => {
        const stat = statOf[typeUrl];
        const status = subscription.status;
        if (!status) return;
        if (status.total) status.total[what]++;
        const its = stat && status[stat];
        if (its) its[what]++;
        lastUpdateMs = platform.clock.now();
        flushIn(options.flushIntervalMs);
      };
      flushIn(soonMs);
      return {
        sent: (typeUrl) => count(typeUrl, "responsesSent"),
        acknowledged(typeUrl) {
          if (refused.size > 0) refused.get(name(proxy))?.delete(typeUrl);
          count(typeUrl, "responsesAcknowledged");
        },
        rejected(typeUrl, reason) {
          const its = refused.get(name(proxy)) ?? new Map<string, string>();
          refused.set(name(proxy), its.set(typeUrl, reason));
          count(typeUrl, "responsesRejected");
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

/** As it is now: counting goes on in the one that is given. */
function written(subscription: DiscoverySubscription): DiscoverySubscription {
  const { status } = subscription;
  if (!status) return { ...subscription };
  const copy = (stat: DiscoveryServiceStats | undefined) => stat && { ...stat };
  return { ...subscription, status: { ...status, total: copy(status.total), cds: copy(status.cds), eds: copy(status.eds), lds: copy(status.lds), rds: copy(status.rds) } };
}

/** Earlier subscriptions stay up to the limit; one of ours that was left open by a crash is closed. */
function nextInsight(
  current: Resource<DataplaneInsight> | undefined, subscription: DiscoverySubscription, facts: ConnectionFacts, certificate: Certificate | undefined, regenerations: number, { subscriptionLimit }: ProxyStatusOptions,
): DataplaneInsight {
  const before = (current?.spec.subscriptions ?? []).filter((it) => it.id !== subscription.id).map((it) => (it.disconnectTime || !subscription.connectTime ? it : { ...it, disconnectTime: subscription.connectTime }));
  const kept = before.slice(Math.max(0, before.length - Math.max(0, subscriptionLimit - 1)));
  const insight = create(DataplaneInsightSchema, { subscriptions: [...kept, written(subscription)], metadata: facts.metadata });
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
