// The first generation of policies: stored, listed and passed on; proxies are not configured by them.
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import {
  CircuitBreakerSchema, FaultInjectionSchema, HealthCheckSchema, ProxyTemplateSchema, RateLimitSchema, RetrySchema, TimeoutSchema, TrafficLogSchema, TrafficPermissionSchema,
  TrafficRouteSchema, TrafficTraceSchema, VirtualOutboundSchema,
} from "#gen/kuma/mesh/v1alpha1/older_policies_pb.js";
import { MeshGatewayRouteSchema } from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import type { Violation } from "../../failure.ts";
import { defineFlatKind, type Kind } from "../../kind.ts";
import { validateMeshGatewayRoute } from "../mesh-gateway/validate-route.ts";
import { validateProxyTemplate } from "./proxy-template.ts";
import { validateCircuitBreaker, validateFaultInjection, validateHealthCheck, validateRateLimit, validateRetry, validateTimeout } from "./resilience.ts";
import { validateTrafficLog, validateTrafficPermission, validateTrafficRoute, validateTrafficTrace } from "./traffic.ts";
import { validateVirtualOutbound } from "./virtual-outbound.ts";

interface Older<M extends DescMessage> {
  readonly name: string;
  readonly displayName: string;
  readonly displayNamePlural?: string;
  readonly path: string;
  readonly singular: string;
  readonly plural: string;
  readonly message: M;
  readonly validate: (spec: MessageShape<M>) => readonly Violation[];
  /** `/meshes/m/<path>/n/dataplanes` does not exist for two of them. */
  readonly legacyInspection?: boolean;
}

const older = <M extends DescMessage>({ displayNamePlural, legacyInspection = true, ...policy }: Older<M>): Kind =>
  defineFlatKind({ ...policy, scope: "Mesh", shortName: "", displayNamePlural: displayNamePlural ?? `${policy.displayName}s`, kds: { globalToZones: true }, isClusterScoped: true, isPolicy: true, legacyInspection });

export const olderPolicyKinds: readonly Kind[] = [
  older({ name: "MeshGatewayRoute", displayName: "Mesh Gateway Route", path: "meshgatewayroutes", singular: "meshgatewayroute", plural: "meshgatewayroutes", message: MeshGatewayRouteSchema, validate: validateMeshGatewayRoute, legacyInspection: false }),
  older({ name: "VirtualOutbound", displayName: "Virtual Outbound", path: "virtual-outbounds", singular: "virtual-outbound", plural: "virtual-outbounds", message: VirtualOutboundSchema, validate: validateVirtualOutbound, legacyInspection: false }),
  older({ name: "ProxyTemplate", displayName: "Proxy Template", path: "proxytemplates", singular: "proxytemplate", plural: "proxytemplates", message: ProxyTemplateSchema, validate: validateProxyTemplate }),
  older({ name: "CircuitBreaker", displayName: "Circuit Breaker", path: "circuit-breakers", singular: "circuit-breaker", plural: "circuit-breakers", message: CircuitBreakerSchema, validate: validateCircuitBreaker }),
  older({ name: "FaultInjection", displayName: "Fault Injection", path: "fault-injections", singular: "fault-injection", plural: "fault-injections", message: FaultInjectionSchema, validate: validateFaultInjection }),
  older({ name: "HealthCheck", displayName: "Health Check", path: "health-checks", singular: "healthcheck", plural: "healthchecks", message: HealthCheckSchema, validate: validateHealthCheck }),
  older({ name: "RateLimit", displayName: "Rate Limit", path: "rate-limits", singular: "rate-limit", plural: "rate-limits", message: RateLimitSchema, validate: validateRateLimit }),
  older({ name: "Retry", displayName: "Retry", displayNamePlural: "Retries", path: "retries", singular: "retry", plural: "retries", message: RetrySchema, validate: validateRetry }),
  older({ name: "Timeout", displayName: "Timeout", path: "timeouts", singular: "timeout", plural: "timeouts", message: TimeoutSchema, validate: validateTimeout }),
  older({ name: "TrafficLog", displayName: "Traffic Log", path: "traffic-logs", singular: "traffic-log", plural: "traffic-logs", message: TrafficLogSchema, validate: validateTrafficLog }),
  older({ name: "TrafficPermission", displayName: "Traffic Permission", path: "traffic-permissions", singular: "traffic-permission", plural: "traffic-permissions", message: TrafficPermissionSchema, validate: validateTrafficPermission }),
  older({ name: "TrafficRoute", displayName: "Traffic Route", path: "traffic-routes", singular: "traffic-route", plural: "traffic-routes", message: TrafficRouteSchema, validate: validateTrafficRoute }),
  older({ name: "TrafficTrace", displayName: "Traffic Trace", path: "traffic-traces", singular: "traffic-trace", plural: "traffic-traces", message: TrafficTraceSchema, validate: validateTrafficTrace }),
];
