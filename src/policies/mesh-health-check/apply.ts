// MeshHealthCheck on Envoy: active checks of a destination's hosts, in the destination's own protocol or over TCP.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Cluster_CommonLbConfigSchema } from "#gen/envoy/config/cluster/v3/cluster_pb.js";
import { HeaderValueOption_HeaderAppendAction as Append, type HeaderValueOptionSchema } from "#gen/envoy/config/core/v3/base_pb.js";
import { HealthCheckSchema, type HealthCheck } from "#gen/envoy/config/core/v3/health_check_pb.js";
import { HealthCheckEventFileSinkSchema } from "#gen/envoy/extensions/health_check/event_sinks/file/v3/file_pb.js";
import { CodecClientType } from "#gen/envoy/type/v3/http_pb.js";
import { packNew, protoDuration, type EnvoyPolicy, type OutboundPlace } from "#envoy";
import type { Protocol } from "#mesh";
import { durationMs } from "#resources";
import type { HealthCheckConf } from "./kind.ts";

const defaults = { interval: "1m", timeout: "15s", unhealthyThreshold: 5, healthyThreshold: 1, path: "/" } as const;

export const meshHealthCheckApply: EnvoyPolicy = {
  kind: "MeshHealthCheck",
  namesCaller: true,
  outboundCluster({ message, protocol }, conf, place) {
    if (!conf) return;
    const value = conf.value as HealthCheckConf;
    const { healthyPanicThreshold, failTrafficOnPanic } = value;
    if (healthyPanicThreshold !== undefined || failTrafficOnPanic !== undefined) {
      const added = create(Cluster_CommonLbConfigSchema, {
        ...(healthyPanicThreshold === undefined ? {} : { healthyPanicThreshold: { value: Number(healthyPanicThreshold) } }),
        ...(failTrafficOnPanic === undefined ? {} : { localityConfigSpecifier: { case: "zoneAwareLbConfig", value: { failTrafficOnPanic } } }),
      });
      const config = (message.commonLbConfig ??= create(Cluster_CommonLbConfigSchema));
      if (added.healthyPanicThreshold) config.healthyPanicThreshold = added.healthyPanicThreshold;
      // Weighted localities exclude zone-aware balancing.
      if (added.localityConfigSpecifier.case && !config.localityConfigSpecifier.case) config.localityConfigSpecifier = added.localityConfigSpecifier;
    }
    const healthChecker = checkerFor(value, protocol, place);
    if (healthChecker) message.healthChecks.push(Object.assign(common(value), { healthChecker }));
  },
};

type Checker = HealthCheck["healthChecker"];

/** Completes a checker. */
const checker = (init: NonNullable<MessageInitShape<typeof HealthCheckSchema>["healthChecker"]>): Checker => create(HealthCheckSchema, { healthChecker: init }).healthChecker;

const duration = (text: string) => protoDuration(durationMs(text) ?? 0);

function common(conf: HealthCheckConf): HealthCheck {
  const { initialJitter, intervalJitter, intervalJitterPercent, eventLogPath, alwaysLogHealthCheckFailures, noTrafficInterval, reuseConnection } = conf;
  return create(HealthCheckSchema, {
    interval: duration(conf.interval ?? defaults.interval), timeout: duration(conf.timeout ?? defaults.timeout),
    unhealthyThreshold: conf.unhealthyThreshold ?? defaults.unhealthyThreshold, healthyThreshold: conf.healthyThreshold ?? defaults.healthyThreshold,
    ...(initialJitter === undefined ? {} : { initialJitter: duration(initialJitter) }),
    ...(intervalJitter === undefined ? {} : { intervalJitter: duration(intervalJitter) }),
    ...(intervalJitterPercent === undefined ? {} : { intervalJitterPercent }),
    ...(noTrafficInterval === undefined ? {} : { noTrafficInterval: duration(noTrafficInterval) }),
    ...(alwaysLogHealthCheckFailures === undefined ? {} : { alwaysLogHealthCheckFailures }),
    ...(reuseConnection === undefined ? {} : { reuseConnection }),
    ...(eventLogPath ? { eventLogger: [{ name: "envoy.health_check.event_sinks.file", typedConfig: packNew(HealthCheckEventFileSinkSchema, { eventLogPath }) }] } : {}),
  });
}

/** TCP stands in only where the check of the protocol is there and switched off. */
function checkerFor({ http, grpc, tcp }: HealthCheckConf, protocol: Protocol, place: OutboundPlace): Checker | undefined {
  const overTcp = tcp && !tcp.disabled ? tcpChecker(tcp) : undefined;
  if (protocol === "http" || protocol === "http2") return http?.disabled ? overTcp : http && httpChecker(http, protocol, place);
  if (protocol === "grpc") return grpc?.disabled ? overTcp : grpc && grpcChecker(grpc);
  return protocol === "tcp" || protocol === "kafka" ? overTcp : undefined;
}

function httpChecker({ path, requestHeadersToAdd, expectedStatuses = [] }: NonNullable<HealthCheckConf["http"]>, protocol: Protocol, { callerTags }: OutboundPlace): Checker {
  const header = (append: Append) => ({ name, value }: { readonly name: string; readonly value: string }): MessageInitShape<typeof HeaderValueOptionSchema> => ({ header: { key: name, value }, appendAction: append });
  const headers = [
    ...(callerTags ? [header(Append.APPEND_IF_EXISTS_OR_ADD)({ name: "x-kuma-tags", value: callerTags })] : []),
    ...(requestHeadersToAdd?.add ?? []).map(header(Append.APPEND_IF_EXISTS_OR_ADD)),
    ...(requestHeadersToAdd?.set ?? []).map(header(Append.OVERWRITE_IF_EXISTS_OR_ADD)),
  ];
  return checker({
    case: "httpHealthCheck",
    value: {
      path: path ?? defaults.path, requestHeadersToAdd: headers, codecClientType: protocol === "http2" ? CodecClientType.HTTP2 : CodecClientType.HTTP1,
      expectedStatuses: expectedStatuses.map((status) => ({ start: BigInt(status), end: BigInt(status + 1) })),
    },
  });
}

const grpcChecker = ({ serviceName = "", authority = "" }: NonNullable<HealthCheckConf["grpc"]>): Checker => checker({ case: "grpcHealthCheck", value: { serviceName, authority } });

/** What is sent and expected travels in hexadecimal digits. */
function tcpChecker({ send, receive = [] }: NonNullable<HealthCheckConf["tcp"]>): Checker {
  const payload = (text: string) => ({ payload: { case: "text" as const, value: Buffer.from(text).toString("hex") } });
  return checker({ case: "tcpHealthCheck", value: { ...(send === undefined ? {} : { send: payload(send) }), receive: receive.map(payload) } });
}
