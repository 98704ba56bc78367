// All policy kinds, without anything of Envoy: what kumactl, the store and the API need to know about them.
import type { Kind } from "#resources";
import { meshAccessLog } from "../mesh-access-log/kind.ts";
import { meshCircuitBreaker } from "../mesh-circuit-breaker/kind.ts";
import { meshFaultInjection } from "../mesh-fault-injection/kind.ts";
import { meshHealthCheck } from "../mesh-health-check/kind.ts";
import { meshHTTPRoute } from "../mesh-http-route/kind.ts";
import { meshLoadBalancingStrategy } from "../mesh-load-balancing-strategy/kind.ts";
import { meshMetric } from "../mesh-metric/kind.ts";
import { meshPassthrough } from "../mesh-passthrough/kind.ts";
import { meshProxyPatch } from "../mesh-proxy-patch/kind.ts";
import { meshRateLimit } from "../mesh-rate-limit/kind.ts";
import { meshRetry } from "../mesh-retry/kind.ts";
import { meshTCPRoute } from "../mesh-tcp-route/kind.ts";
import { meshTimeout } from "../mesh-timeout/kind.ts";
import { meshTLS } from "../mesh-tls/kind.ts";
import { meshTrace } from "../mesh-trace/kind.ts";
import { meshTrafficPermission } from "../mesh-traffic-permission/kind.ts";

/** In the order of their names. */
export const policyKinds: readonly Kind[] = [
  meshAccessLog, meshCircuitBreaker, meshFaultInjection, meshHealthCheck, meshHTTPRoute, meshLoadBalancingStrategy, meshMetric, meshPassthrough,
  meshProxyPatch, meshRateLimit, meshRetry, meshTCPRoute, meshTimeout, meshTLS, meshTrace, meshTrafficPermission,
];
