// The mesh engine: views, rules, plans. Pure; knows nothing of Envoy.
export { meshView, type MeshSettings, type MeshView } from "./view.ts";
export { identities, listInterner, memoOn, memoOnBoth, textInterner, weakByText } from "./intern.ts";
// plan
export { createPlanner, type Planner, type PlannerOptions, type PlanOptions, type Scope } from "./plan/planner.ts";
export type {
  ClusterPlan, DnsRecord, InboundConf, OutboundConf, Plan, PlannedInbound, PlannedOutbound, PlannedRoute, ProxyConf, TargetPlan,
} from "./plan/plan.ts";
export { feature, traitsInterner, type Proxy, type ProxyTraits, type TransparentProxyTraits } from "./plan/proxy.ts";
export { commonProtocol, endpointsOf, isHttp, isTlsReady, type Destination, type Protocol, type ResourceDestination, type ServiceDestination } from "./plan/destinations.ts";
export { endpointsByService, inboundProtocol, isHealthy, reservedPort, selectsDataplane, type Endpoint } from "./plan/endpoints.ts";
export { identifyingService, inboundsOf, servicesOf, type Inbound } from "./plan/inbounds.ts";
export { sectionName, type MeshServicePort, type MeshServiceResource, type MeshServiceSpec, type MeshServiceStatus } from "./plan/mesh-service.ts";
export type {
  BackendRef, HeaderModifier, HttpMatch, HttpRoute, PathRewrite, RouteFilter, RouteShaper, ShapeContext, ValueMatch, WeightedBackend,
} from "./plan/routes.ts";
export { assignIdentity, isProblem, kriOfIdentity, kriOfTrust, trustDomainOf, trustedDomains, workloadIdentity, type AssignedIdentity, type IdentityProblem, type WorkloadIdentity } from "./plan/identity.ts";
export { givesCertificate, type KeptCertificate, type MeshTlsPlan } from "./plan/mesh-tls.ts";
export { collectorOf, referredBackend, type Collector, type CollectorRef } from "./plan/collectors.ts";
export { meshMetrics, type MeshMetrics } from "./plan/mesh-metrics.ts";
export { metricLabels } from "./plan/metric-labels.ts";
export { legacyVips, vipConfigName } from "./plan/vips.ts";
// rules
export { inboundKey, matchPolicies, selects, type MatchedPolicies, type MatchOptions } from "./rules/matching.ts";
export { matchGatewayPolicies, type GatewayResource, type MatchedGatewayPolicies } from "./rules/gateway-matching.ts";
export { compareAttributes, compareNames, orderPolicies } from "./rules/order.ts";
export { internPolicies, noPolicies, type PolicyResource } from "./rules/policies.ts";
export { resolveRef, sectionOf, type Resolved, type RuleTargets } from "./rules/resolve.ts";
export { matchesHash } from "./rules/matches-hash.ts";
export { matchesHashTag, toRules } from "./rules/to-rules.ts";
export { fromRules } from "./rules/from-rules.ts";
export { ruleForTags, type Rule, type SubsetTag } from "./rules/subsets.ts";
export { resourceRules, ruleForResource, targetKey, type ResourceRule, type ResourceRules, type RuleOrigin } from "./rules/resource-rules.ts";
export { confForEveryone, inboundRules, type InboundRule } from "./rules/inbound-rules.ts";
export { singleRule, type SingleRule } from "./rules/single-rule.ts";
