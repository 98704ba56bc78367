// What policies do to plans and to Envoy. The order of the list is the order of application; a test compares it with the kinds.
import type { EnvoyPolicy } from "#envoy";
import type { RouteShaper } from "#mesh";
import { meshAccessLogApply } from "./mesh-access-log/apply.ts";
import { meshCircuitBreakerApply } from "./mesh-circuit-breaker/apply.ts";
import { meshFaultInjectionApply } from "./mesh-fault-injection/apply.ts";
import { meshHealthCheckApply } from "./mesh-health-check/apply.ts";
import { meshHTTPRouteShape } from "./mesh-http-route/shape.ts";
import { meshLoadBalancingStrategyApply } from "./mesh-load-balancing-strategy/apply.ts";
import { meshMetricApply } from "./mesh-metric/apply.ts";
import { meshPassthroughApply } from "./mesh-passthrough/apply.ts";
import { meshProxyPatchApply } from "./mesh-proxy-patch/apply.ts";
import { meshRateLimitApply } from "./mesh-rate-limit/apply.ts";
import { meshRetryApply } from "./mesh-retry/apply.ts";
import { meshTCPRouteShape } from "./mesh-tcp-route/shape.ts";
import { meshTlsApply } from "./mesh-tls/apply.ts";
import { meshTimeoutApply } from "./mesh-timeout/apply.ts";
import { meshTraceApply } from "./mesh-trace/apply.ts";
import { meshTrafficPermissionApply } from "./mesh-traffic-permission/apply.ts";

export { withNativeChecks } from "./native-checks.ts";

export const routeShapers: readonly RouteShaper[] = [meshHTTPRouteShape, meshTCPRouteShape];

export const envoyPolicies: readonly EnvoyPolicy[] = [meshTlsApply, meshLoadBalancingStrategyApply, meshPassthroughApply, meshAccessLogApply, meshTraceApply, meshFaultInjectionApply, meshRateLimitApply, meshTimeoutApply, meshTrafficPermissionApply, meshHealthCheckApply, meshCircuitBreakerApply, meshRetryApply, meshMetricApply, meshProxyPatchApply];
