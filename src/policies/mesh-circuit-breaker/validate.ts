// What a MeshCircuitBreaker must satisfy beyond its schema (spec/api.md 1.11).
import {
  eachItem, percentDecimal, percentInt, positiveCount, positiveDecimal, positiveDuration, topKinds, validateSections, validateTargetRef, violation,
  type Resource, type Violation,
} from "#resources";
import type { CircuitBreakerConf, MeshCircuitBreakerSpec } from "./kind.ts";

type OutlierDetection = NonNullable<CircuitBreakerConf["outlierDetection"]>;
type Detectors = NonNullable<OutlierDetection["detectors"]>;

export function validateMeshCircuitBreaker(spec: MeshCircuitBreakerSpec, resource: Resource): Violation[] {
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, {
      kinds: topKinds(resource, { gateway: "always" }),
      gatewayTags: true,
      isInbound: Boolean(spec.from?.length || spec.rules?.length),
    }),
    ...validateSections(spec),
    // The reference reports errors of `rules` under `from`.
    ...eachItem("spec.from", spec.rules, (path, rule) => validateConf(`${path}.default`, rule.default)),
    ...eachItem("spec.from", spec.from, (path, item) => [
      ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: ["Mesh"] }),
      ...validateConf(`${path}.default`, item.default),
    ]),
    ...eachItem("spec.to", spec.to, (path, item) => [
      ...validateTargetRef(`${path}.targetRef`, item.targetRef, { kinds: ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService"] }),
      ...validateConf(`${path}.default`, item.default),
    ]),
  ];
}

function validateConf(path: string, { connectionLimits: limits, outlierDetection }: CircuitBreakerConf): Violation[] {
  if (!limits && !outlierDetection) return [violation(path, "at least one of: 'connectionLimits' or 'outlierDetection' should be configured")];
  const names = ["maxConnections", "maxConnectionPools", "maxPendingRequests", "maxRetries", "maxRequests"] as const;
  return [
    ...names.flatMap((name) => positiveCount(`${path}.connectionLimits.${name}`, limits?.[name])),
    ...(outlierDetection ? validateOutlierDetection(`${path}.outlierDetection`, outlierDetection) : []),
  ];
}

function validateOutlierDetection(path: string, conf: OutlierDetection): Violation[] {
  return [
    ...positiveDuration(`${path}.interval`, conf.interval),
    ...positiveDuration(`${path}.baseEjectionTime`, conf.baseEjectionTime),
    ...percentInt(`${path}.maxEjectionPercent`, conf.maxEjectionPercent),
    ...percentDecimal(`${path}.healthyPanicThreshold`, conf.healthyPanicThreshold),
    ...validateDetectors(`${path}.detectors`, conf.detectors),
  ];
}

function validateDetectors(path: string, detectors: Detectors | undefined): Violation[] {
  if (!detectors) return [violation(path, "must be defined")];
  const { totalFailures, gatewayFailures, localOriginFailures, successRate, failurePercentage } = detectors;
  if (!totalFailures && !gatewayFailures && !localOriginFailures && !successRate && !failurePercentage) {
    return [violation(path, "must have at least one defined: totalFailures, gatewayFailures, localOriginFailures, successRate, failurePercentage")];
  }
  return [
    ...positiveCount(`${path}.totalFailures.consecutive`, totalFailures?.consecutive),
    ...positiveCount(`${path}.gatewayFailures.consecutive`, gatewayFailures?.consecutive),
    ...positiveCount(`${path}.localOriginFailures.consecutive`, localOriginFailures?.consecutive),
    ...positiveCount(`${path}.successRate.minimumHosts`, successRate?.minimumHosts),
    ...positiveCount(`${path}.successRate.requestVolume`, successRate?.requestVolume),
    ...positiveDecimal(`${path}.successRate.standardDeviationFactor`, successRate?.standardDeviationFactor),
    ...positiveCount(`${path}.failurePercentage.minimumHosts`, failurePercentage?.minimumHosts),
    ...positiveCount(`${path}.failurePercentage.requestVolume`, failurePercentage?.requestVolume),
    ...percentInt(`${path}.failurePercentage.threshold`, failurePercentage?.threshold),
  ];
}
