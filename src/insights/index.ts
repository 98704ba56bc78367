// What is known of proxies, kept as resources; and what is counted over them when asked.
export { trackProxies, type ProxyStatus, type ProxyStatusOptions } from "./proxy-status.ts";
export { withInsights, type ComputedOptions } from "./computed.ts";
export { globalInsight, globalTotals } from "./global-insight.ts";
export { unknownService, type ServiceNaming } from "./service-insight.ts";
