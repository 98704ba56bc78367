// Which health checks Envoy is asked for, and what its answers mean for the Dataplane (spec/dataplane.md 3, HDS).
import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, type Duration } from "@bufbuild/protobuf/wkt";
import { HealthStatus, type HealthCheckSchema } from "#gen/envoy/config/core/v3/health_check_pb.js";
import { HealthCheckSpecifierSchema, type ClusterHealthCheckSchema, type EndpointHealthResponse, type HealthCheckSpecifier } from "#gen/envoy/service/health/v3/hds_pb.js";
import { Dataplane_Networking_Inbound_HealthSchema, Dataplane_Networking_Inbound_State as InboundState, DataplaneSchema, type Dataplane, type Dataplane_Networking_Inbound as Inbound } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";

/** `dpServer.hds` of the configuration. */
export interface CheckSettings {
  /** How often Envoy reports. */
  readonly intervalMs: number;
  readonly defaults: {
    readonly timeoutMs: number;
    readonly intervalMs: number;
    readonly noTrafficIntervalMs: number;
    readonly healthyThreshold: number;
    readonly unhealthyThreshold: number;
  };
}

const adminCluster = "kuma:envoy:admin";

type CheckInit = MessageInitShape<typeof HealthCheckSchema>;
type ClusterInit = MessageInitShape<typeof ClusterHealthCheckSchema>;

const workloadPort = (inbound: Inbound): number => inbound.servicePort || inbound.port;
const clusterOf = (inbound: Inbound): string => `localhost:${workloadPort(inbound)}`;
const isProbed = (inbound: Inbound): boolean => inbound.serviceProbe !== undefined && inbound.state !== InboundState.Ignored;

/** `adminPort` is that of the running Envoy, 0 when its admin is no TCP port: then only workloads are checked. */
export function healthChecks({ networking }: Dataplane, adminPort: number, { intervalMs, defaults }: CheckSettings): HealthCheckSpecifier {
  const check = (more: CheckInit, probe?: Inbound["serviceProbe"]): CheckInit => ({
    timeout: probe?.timeout ?? durationFromMs(defaults.timeoutMs),
    interval: probe?.interval ?? durationFromMs(defaults.intervalMs),
    noTrafficInterval: durationFromMs(defaults.noTrafficIntervalMs),
    unhealthyThreshold: probe?.unhealthyThreshold ?? defaults.unhealthyThreshold,
    healthyThreshold: probe?.healthyThreshold ?? defaults.healthyThreshold,
    ...more,
  });
  const cluster = (clusterName: string, healthCheck: CheckInit, address: string, portValue: number): ClusterInit => ({
    clusterName,
    healthChecks: [healthCheck],
    localityEndpoints: [{ endpoints: [{ address: { address: { case: "socketAddress", value: { address, portSpecifier: { case: "portValue", value: portValue } } } } }] }],
  });
  const workloads = new Map<string, ClusterInit>();
  for (const inbound of networking?.inbound ?? []) {
    if (!isProbed(inbound)) continue;
    const address = inbound.serviceAddress || inbound.address || networking?.address || "";
    const tcp = check({ healthChecker: { case: "tcpHealthCheck", value: {} } }, inbound.serviceProbe);
    workloads.set(clusterOf(inbound), cluster(clusterOf(inbound), tcp, address, workloadPort(inbound)));
  }
  const admin = adminPort > 0 ? [cluster(adminCluster, check({ healthChecker: { case: "httpHealthCheck", value: { path: "/ready" } } }), "127.0.0.1", adminPort)] : [];
  return create(HealthCheckSpecifierSchema, { clusterHealthChecks: [...admin, ...workloads.values()], interval: durationFromMs(intervalMs) satisfies Duration });
}

/** By cluster: whether every endpoint of it is healthy. */
export type Results = ReadonlyMap<string, boolean>;

export const resultsOf = (report: EndpointHealthResponse): Results =>
  new Map(
    report.clusterEndpointsHealth.map((it) => [
      it.clusterName,
      it.localityEndpointsHealth.every((locality) => locality.endpointsHealth.every((endpoint) => endpoint.healthStatus === HealthStatus.HEALTHY)),
    ]),
  );

/**
 * The Dataplane with the results on its inbounds; undefined when they say nothing new. An Envoy that is not ready (draining, say)
 * makes all its inbounds not ready; those without a probe recover with it.
 */
export function withResults(dataplane: Dataplane, results: Results): Dataplane | undefined {
  const isEnvoyDown = results.get(adminCluster) === false;
  const changed = clone(DataplaneSchema, dataplane);
  let hasChanged = false;
  const set = (inbound: Inbound, isReady: boolean) => {
    const state = isReady ? InboundState.Ready : InboundState.NotReady;
    if (inbound.state === state && inbound.health?.ready === isReady) return;
    inbound.state = state;
    inbound.health = create(Dataplane_Networking_Inbound_HealthSchema, { ready: isReady });
    hasChanged = true;
  };
  for (const inbound of changed.networking?.inbound ?? []) {
    if (inbound.state === InboundState.Ignored) continue;
    const result = isProbed(inbound) ? results.get(clusterOf(inbound)) : undefined;
    if (isEnvoyDown) set(inbound, false);
    else if (result !== undefined) set(inbound, result);
    else if (!isProbed(inbound) && results.get(adminCluster) === true && inbound.health?.ready === false) set(inbound, true);
  }
  return hasChanged ? changed : undefined;
}
