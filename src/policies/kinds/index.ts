// All policy kinds, without anything of Envoy: what kumactl, the store and the API need to know about them.
import type { Kind } from "#resources";
import { meshCircuitBreaker } from "../mesh-circuit-breaker/kind.ts";
import { meshHTTPRoute } from "../mesh-http-route/kind.ts";
import { meshRetry } from "../mesh-retry/kind.ts";
import { meshTCPRoute } from "../mesh-tcp-route/kind.ts";
import { meshTimeout } from "../mesh-timeout/kind.ts";
import { meshTrafficPermission } from "../mesh-traffic-permission/kind.ts";

/** In the order of their names. */
export const policyKinds: readonly Kind[] = [meshCircuitBreaker, meshHTTPRoute, meshRetry, meshTCPRoute, meshTimeout, meshTrafficPermission];
