// All pages that print a plan; what is not built yet (builtin gateways) is left out and so has no route.
import type { Inspection } from "../options.ts";
import { inspectConfig } from "./config.ts";
import { inspectLayout } from "./layout.ts";
import { attachedDataplanes, attachedPolicies, gatewayDataplanes } from "./legacy.ts";
import { legacyRules } from "./legacy-rules.ts";
import type { InspectionParts } from "./parts.ts";
import { inboundPolicies, outboundPolicies, outboundRoutes, proxyPolicies, routePolicies } from "./policies.ts";
import { hostnames, matchedDataplanes } from "./resources.ts";
import { inspectGatewayRules, inspectRules } from "./rules.ts";

export function createInspection(parts: InspectionParts): Inspection {
  return {
    dataplaneRules: inspectRules(parts),
    dataplaneConfig: inspectConfig(parts),
    dataplaneLayout: inspectLayout(parts),
    dataplanePolicies: proxyPolicies(parts),
    inboundPolicies: inboundPolicies(parts),
    outboundPolicies: outboundPolicies(parts),
    outboundRoutes: outboundRoutes(parts),
    routePolicies: routePolicies(parts),
    legacyRules: legacyRules(parts),
    attachedPolicies: attachedPolicies(parts),
    attachedDataplanes: attachedDataplanes(parts),
    gatewayDataplanes: gatewayDataplanes(parts),
    matchedDataplanes: matchedDataplanes(parts),
    gatewayRules: inspectGatewayRules(parts),
    hostnames: hostnames(parts),
  };
}
