// MeshCircuitBreaker on Envoy: limits and outlier detection on clusters; every cluster reports what is left of its limits.
import { create } from "@bufbuild/protobuf";
import { CircuitBreakersSchema } from "#gen/envoy/config/cluster/v3/circuit_breaker_pb.js";
import { Cluster_CommonLbConfigSchema } from "#gen/envoy/config/cluster/v3/cluster_pb.js";
import { PercentSchema } from "#gen/envoy/type/v3/percent_pb.js";
import { OutlierDetectionSchema, type OutlierDetection } from "#gen/envoy/config/cluster/v3/outlier_detection_pb.js";
import { protoDuration } from "#envoy";
import type { ClusterDraft, EnvoyPolicy } from "#envoy";
import { confForEveryone } from "#mesh";
import { durationMs } from "#resources";
import type { CircuitBreakerConf } from "./kind.ts";

export const meshCircuitBreakerApply: EnvoyPolicy = {
  kind: "MeshCircuitBreaker",
  everyCluster({ message }) {
    message.circuitBreakers ??= create(CircuitBreakersSchema, { thresholds: [{}] });
    for (const threshold of message.circuitBreakers.thresholds) threshold.trackRemaining = true;
  },
  outboundCluster: (draft, conf) => onCluster(draft, conf?.value as CircuitBreakerConf | undefined),
  inboundCluster: (draft, conf) => onCluster(draft, confForEveryone(conf?.rules ?? []) as CircuitBreakerConf | undefined),
};

function onCluster({ message }: ClusterDraft, conf: CircuitBreakerConf | undefined): void {
  const limits = conf?.connectionLimits;
  if (limits) {
    const { maxConnections, maxConnectionPools, maxPendingRequests, maxRetries, maxRequests } = limits;
    message.circuitBreakers = create(CircuitBreakersSchema, {
      thresholds: [defined({ maxConnections, maxConnectionPools, maxPendingRequests, maxRetries, maxRequests })],
    });
  }
  const outlier = conf?.outlierDetection;
  if (!outlier || outlier.disabled) return;
  message.outlierDetection = outlierDetection(outlier);
  if (outlier.healthyPanicThreshold !== undefined) {
    // A MeshHealthCheck may have said more there.
    message.commonLbConfig ??= create(Cluster_CommonLbConfigSchema);
    message.commonLbConfig.healthyPanicThreshold = create(PercentSchema, { value: Number(outlier.healthyPanicThreshold) });
  }
}

type Outlier = NonNullable<CircuitBreakerConf["outlierDetection"]>;

/** A detector that is not configured is switched off in words: Envoy's own default would be on. */
function outlierDetection(conf: Outlier): OutlierDetection {
  const { detectors } = conf;
  const base = {
    interval: conf.interval === undefined ? undefined : protoDuration(durationMs(conf.interval) ?? 0),
    baseEjectionTime: conf.baseEjectionTime === undefined ? undefined : protoDuration(durationMs(conf.baseEjectionTime) ?? 0),
    maxEjectionPercent: conf.maxEjectionPercent,
    splitExternalLocalOriginErrors: conf.splitExternalAndLocalErrors,
  };
  if (!detectors) return create(OutlierDetectionSchema, defined({ ...base, enforcingConsecutive5xx: 0, enforcingConsecutiveGatewayFailure: 0, enforcingSuccessRate: 0 }));
  const { totalFailures, gatewayFailures, localOriginFailures, successRate, failurePercentage } = detectors;
  const enforcing = (detector: unknown): number => (detector ? 100 : 0);
  // Counting detectors work only with a number of their own.
  const counting = (detector: { readonly consecutive?: number | undefined } | undefined): number => (detector?.consecutive === undefined ? 0 : 100);
  return create(
    OutlierDetectionSchema,
    defined({
      ...base,
      consecutive5xx: totalFailures?.consecutive, enforcingConsecutive5xx: counting(totalFailures),
      consecutiveGatewayFailure: gatewayFailures?.consecutive, enforcingConsecutiveGatewayFailure: counting(gatewayFailures),
      consecutiveLocalOriginFailure: localOriginFailures?.consecutive, enforcingConsecutiveLocalOriginFailure: counting(localOriginFailures),
      successRateMinimumHosts: successRate?.minimumHosts, successRateRequestVolume: successRate?.requestVolume,
      successRateStdevFactor: successRate?.standardDeviationFactor === undefined ? undefined : Math.round(Number(successRate.standardDeviationFactor) * 1000),
      enforcingSuccessRate: enforcing(successRate), enforcingLocalOriginSuccessRate: enforcing(successRate),
      failurePercentageMinimumHosts: failurePercentage?.minimumHosts, failurePercentageRequestVolume: failurePercentage?.requestVolume,
      failurePercentageThreshold: failurePercentage?.threshold,
      enforcingFailurePercentage: enforcing(failurePercentage), enforcingFailurePercentageLocalOrigin: enforcing(failurePercentage),
    }),
  );
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

const defined = <T extends object>(value: T): Defined<T> => Object.fromEntries(Object.entries(value).filter(([, it]) => it !== undefined)) as Defined<T>;
