// Health probes of an orchestrator, led past mTLS to the workload: a listener of its own with one route per probe (spec/dataplane.md 5.9).
import { create } from "@bufbuild/protobuf";
import { RouteSchema, type Route } from "#gen/envoy/config/route/v3/route_components_pb.js";
import type { Dataplane_Probes_Endpoint as Probe } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { feature, type Plan } from "#mesh";
import { chain, openListener, sealListener } from "../draft/listener.ts";
import { loopbackCidrs, openHttp } from "../draft/http.ts";
import { inboundClusterName, system } from "../names.ts";
import type { ResourceGroup } from "../outbound.ts";
import type { PipelineParts } from "../pipeline.ts";

export function probeResources(plan: Plan, { sealer }: PipelineParts): ResourceGroup {
  const { traits, dataplane } = plan.proxy;
  const { probes, networking } = dataplane.spec;
  // kuma-dp takes the probes itself when it can.
  if (!probes || traits.answersProbes) return { clusters: [], listeners: [] };
  const { listener: name, routes, virtualHost } = system.probes;
  const listener = openListener({
    name, address: networking?.address ?? "", port: probes.port, direction: "inbound", isUnified: false, reusePort: traits.features.has(feature.reusePort), bindToPort: true, tags: {},
  });
  const http = openHttp({ statPrefix: name, protocol: "http", routeConfigName: routes, virtualHost, internalCidrs: loopbackCidrs, ipv6: traits.ipv6 });
  delete http.routeConfig.validateClusters;
  http.routes.push(...probes.endpoints.map((it) => ({ plan: undefined, message: probeRoute(it, plan) })));
  listener.chains.push(chain({ terminal: { is: "http", http } }));
  return { clusters: [], listeners: [sealListener(listener, sealer)] };
}

function probeRoute({ path, inboundPath, inboundPort }: Probe, plan: Plan): Route {
  const match = { pathSpecifier: { case: "path" as const, value: path }, headers: [{ name: ":method", headerMatchSpecifier: { case: "stringMatch" as const, value: { matchPattern: { case: "exact" as const, value: "GET" } } } }] };
  const inbound = plan.inbounds.find((it) => it.inbound.workloadPort === inboundPort)?.inbound;
  // A port that is no inbound is reached without the proxy.
  if (!inbound) return create(RouteSchema, { match, action: { case: "redirect", value: { portRedirect: inboundPort, pathRewriteSpecifier: { case: "pathRedirect", value: inboundPath } } } });
  const cluster = inboundClusterName(inbound, plan.isUnified);
  return create(RouteSchema, { match, action: { case: "route", value: { clusterSpecifier: { case: "cluster", value: cluster }, regexRewrite: { pattern: { regex: ".*" }, substitution: inboundPath } } } });
}
