// What MeshHealthCheck puts on a cluster.
import { expect, test } from "vitest";
import { CodecClientType } from "#gen/envoy/type/v3/http_pb.js";
import { staticCluster, type OutboundPlace } from "#envoy";
import type { Protocol } from "#mesh";
import { meshHealthCheckApply } from "./apply.ts";
import type { HealthCheckConf } from "./kind.ts";

function checkOf(value: HealthCheckConf, protocol: Protocol, callerTags = "") {
  const draft = staticCluster("web", protocol, []);
  meshHealthCheckApply.outboundCluster?.(draft, { value }, { callerTags } as Pick<OutboundPlace, "callerTags"> as OutboundPlace);
  return draft.message.healthChecks[0]?.healthChecker;
}

test("a destination is checked in its own protocol, or not at all", () => {
  expect(checkOf({ http: {} }, "http2")).toMatchObject({ case: "httpHealthCheck", value: { path: "/", codecClientType: CodecClientType.HTTP2 } });
  expect(checkOf({ grpc: { serviceName: "s" } }, "grpc")).toMatchObject({ case: "grpcHealthCheck", value: { serviceName: "s" } });
  expect([checkOf({ http: {} }, "tcp"), checkOf({ tcp: {} }, "http"), checkOf({ tcp: {} }, "unknown")]).toEqual([undefined, undefined, undefined]);
});
test("TCP stands in where the protocol's own check is switched off, its payload in hexadecimal digits", () => {
  expect(checkOf({ http: { disabled: true }, tcp: { send: "hi" } }, "http")).toMatchObject({ case: "tcpHealthCheck", value: { send: { payload: { value: "6869" } } } });
  expect(checkOf({ http: { disabled: true }, tcp: { disabled: true } }, "http")).toBeUndefined();
});
test("the caller says who it is", () => {
  expect(checkOf({ http: {} }, "http", "&team=a&")).toMatchObject({ value: { requestHeadersToAdd: [{ header: { key: "x-kuma-tags", value: "&team=a&" } }] } });
});
