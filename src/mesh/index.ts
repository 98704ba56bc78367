// The mesh engine: views, rules, plans. Pure; knows nothing of Envoy.
export { meshView, type MeshSettings, type MeshView } from "./view.ts";
export { identities, listInterner, memoOn, memoOnBoth } from "./intern.ts";
// plan
export { createPlanner, type Planner, type PlannerOptions, type Scope } from "./plan/planner.ts";
export type {
  ClusterPlan, DnsRecord, InboundConf, MeshTlsPlan, OutboundConf, Plan, PlannedInbound, PlannedOutbound, PlannedRoute, ProxyConf, TargetPlan,
} from "./plan/plan.ts";
export { feature, traitsInterner, type Proxy, type ProxyTraits, type TransparentProxyTraits } from "./plan/proxy.ts";
export { commonProtocol, endpointsOf, isHttp, isTlsReady, type Destination, type Protocol, type ResourceDestination, type ServiceDestination } from "./plan/destinations.ts";
export { endpointsByService, inboundProtocol, isHealthy, reservedPort, type Endpoint } from "./plan/endpoints.ts";
export { identifyingService, inboundsOf, type Inbound } from "./plan/inbounds.ts";
export { sectionName, type MeshServicePort, type MeshServiceResource, type MeshServiceSpec, type MeshServiceStatus } from "./plan/mesh-service.ts";
export type {
  BackendRef, HeaderModifier, HttpMatch, HttpRoute, PathRewrite, RouteFilter, RouteShaper, ShapeContext, ValueMatch, WeightedBackend,
} from "./plan/routes.ts";
export { legacyVips, vipConfigName } from "./plan/vips.ts";
// rules
export type { InboundRule } from "./rules/inbound-rules.ts";
export type { Rule, SubsetTag } from "./rules/subsets.ts";
export type { PolicyResource } from "./rules/policies.ts";
export { matchesHash } from "./rules/matches-hash.ts";
