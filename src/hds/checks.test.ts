// What Envoy is asked to check, and what its results do to inbounds.
import { create, toJson } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Dataplane_Networking_Inbound_State as State, DataplaneSchema, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { HealthStatus } from "#gen/envoy/config/core/v3/health_check_pb.js";
import { EndpointHealthResponseSchema, HealthCheckSpecifierSchema } from "#gen/envoy/service/health/v3/hds_pb.js";
import { healthChecks, resultsOf, withResults, type CheckSettings } from "./checks.ts";

const settings: CheckSettings = { intervalMs: 5000, defaults: { timeoutMs: 2000, intervalMs: 1000, noTrafficIntervalMs: 1000, healthyThreshold: 1, unhealthyThreshold: 1 } };
const probe = { tcp: {} };
const dataplane = create(DataplaneSchema, {
  networking: {
    address: "192.0.2.9",
    inbound: [
      { port: 80, servicePort: 8080, serviceProbe: probe, state: State.NotReady },
      { port: 81, serviceAddress: "127.0.0.5", serviceProbe: { interval: { seconds: 3n }, unhealthyThreshold: 5, tcp: {} } },
      { port: 82 },
      { port: 83, serviceProbe: probe, state: State.Ignored },
    ],
  },
});

test("Envoy checks its own readiness and every inbound with a probe", () => {
  expect(toJson(HealthCheckSpecifierSchema, healthChecks(dataplane, 9901, settings))).toMatchObject({
    interval: "5s",
    clusterHealthChecks: [
      { clusterName: "kuma:envoy:admin", healthChecks: [{ httpHealthCheck: { path: "/ready" } }], localityEndpoints: [{ endpoints: [{ address: { socketAddress: { address: "127.0.0.1", portValue: 9901 } } }] }] },
      {
        clusterName: "localhost:8080", localityEndpoints: [{ endpoints: [{ address: { socketAddress: { address: "192.0.2.9", portValue: 8080 } } }] }],
        healthChecks: [{ timeout: "2s", interval: "1s", noTrafficInterval: "1s", unhealthyThreshold: 1, healthyThreshold: 1, tcpHealthCheck: {} }],
      },
      { clusterName: "localhost:81", localityEndpoints: [{ endpoints: [{ address: { socketAddress: { address: "127.0.0.5", portValue: 81 } } }] }], healthChecks: [{ timeout: "2s", interval: "3s", unhealthyThreshold: 5 }] },
    ],
  });
});
test("without an admin port only workloads are checked", () => {
  expect(healthChecks(dataplane, 0, settings).clusterHealthChecks.map((it) => it.clusterName)).toEqual(["localhost:8080", "localhost:81"]);
});

const states = (from: Dataplane | undefined) => from?.networking?.inbound.map((it) => [it.state, it.health?.ready]);
const initial = [[State.NotReady, undefined], [State.Ready, undefined], [State.Ready, undefined], [State.Ignored, undefined]];

test("results go to the inbounds they are about", () => {
  const changed = withResults(dataplane, new Map([["localhost:8080", true], ["localhost:81", false]]));
  expect(states(changed)).toEqual([[State.Ready, true], [State.NotReady, false], initial[2], initial[3]]);
  expect(states(dataplane)).toEqual(initial);
});
test("results that say nothing new change nothing", () => {
  const results = new Map([["localhost:8080", true], ["other", false]]);
  const changed = withResults(dataplane, results);
  expect(changed && withResults(changed, results)).toBeUndefined();
});
test("an Envoy that is not ready takes all its inbounds along, and brings them back", () => {
  const down = withResults(dataplane, new Map([["kuma:envoy:admin", false], ["localhost:8080", true]]));
  expect(states(down)).toEqual([[State.NotReady, false], [State.NotReady, false], [State.NotReady, false], initial[3]]);
  const up = down && withResults(down, new Map([["kuma:envoy:admin", true], ["localhost:8080", true], ["localhost:81", true]]));
  expect(states(up)).toEqual([[State.Ready, true], [State.Ready, true], [State.Ready, true], initial[3]]);
});
test("a cluster is healthy when all its endpoints are", () => {
  const cluster = (clusterName: string, ...all: HealthStatus[]) => ({ clusterName, localityEndpointsHealth: [{ endpointsHealth: all.map((healthStatus) => ({ healthStatus })) }] });
  const report = create(EndpointHealthResponseSchema, { clusterEndpointsHealth: [cluster("a", HealthStatus.HEALTHY), cluster("b", HealthStatus.HEALTHY, HealthStatus.TIMEOUT)] });
  expect([...resultsOf(report)]).toEqual([["a", true], ["b", false]]);
});
