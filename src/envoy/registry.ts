// The Envoy messages that travel inside others as Any: what printing a configuration as JSON has to know.
import { createRegistry } from "@bufbuild/protobuf";
import { filtersOfOthers } from "./filters-of-others.ts";
import { ClusterSchema } from "#gen/envoy/config/cluster/v3/cluster_pb.js";
import { ClusterLoadAssignmentSchema } from "#gen/envoy/config/endpoint/v3/endpoint_pb.js";
import { ListenerSchema } from "#gen/envoy/config/listener/v3/listener_pb.js";
import { ActionSchema } from "#gen/envoy/config/rbac/v3/rbac_pb.js";
import { DatadogConfigSchema } from "#gen/envoy/config/trace/v3/datadog_pb.js";
import { OpenTelemetryConfigSchema } from "#gen/envoy/config/trace/v3/opentelemetry_pb.js";
import { ZipkinConfigSchema } from "#gen/envoy/config/trace/v3/zipkin_pb.js";
import { RouteConfigurationSchema } from "#gen/envoy/config/route/v3/route_pb.js";
import { FileAccessLogSchema } from "#gen/envoy/extensions/access_loggers/file/v3/file_pb.js";
import { OpenTelemetryAccessLogConfigSchema } from "#gen/envoy/extensions/access_loggers/open_telemetry/v3/logs_service_pb.js";
import { ExtensionWithMatcherSchema } from "#gen/envoy/extensions/common/matching/v3/extension_matcher_pb.js";
import { SkipFilterSchema } from "#gen/envoy/extensions/filters/common/matcher/action/v3/skip_action_pb.js";
import { ExpressionFilterSchema as AccessLogExpressionSchema } from "#gen/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js";
import { HTTPFaultSchema } from "#gen/envoy/extensions/filters/http/fault/v3/fault_pb.js";
import { FilterConfigSchema as GrpcStatsSchema } from "#gen/envoy/extensions/filters/http/grpc_stats/v3/config_pb.js";
import { LocalRateLimitSchema as HttpRateLimitSchema } from "#gen/envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit_pb.js";
import { LuaSchema } from "#gen/envoy/extensions/filters/http/lua/v3/lua_pb.js";
import { RBACSchema as HttpRbacSchema } from "#gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.js";
import { RouterSchema } from "#gen/envoy/extensions/filters/http/router/v3/router_pb.js";
import { HttpInspectorSchema } from "#gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js";
import { OriginalDstSchema } from "#gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js";
import { TlsInspectorSchema } from "#gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js";
import { HttpConnectionManagerSchema } from "#gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js";
import { KafkaBrokerSchema } from "#gen/envoy/extensions/filters/network/kafka_broker/v3/kafka_broker_pb.js";
import { LocalRateLimitSchema as NetworkRateLimitSchema } from "#gen/envoy/extensions/filters/network/local_ratelimit/v3/local_rate_limit_pb.js";
import { EchoSchema } from "#gen/envoy/extensions/filters/network/echo/v3/echo_pb.js";
import { RBACSchema as NetworkRbacSchema } from "#gen/envoy/extensions/filters/network/rbac/v3/rbac_pb.js";
import { HealthCheckEventFileSinkSchema } from "#gen/envoy/extensions/health_check/event_sinks/file/v3/file_pb.js";
import { ConfigSchema as SetFilterStateSchema } from "#gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.js";
import { TcpProxySchema } from "#gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js";
import { DnsFilterConfigSchema } from "#gen/envoy/extensions/filters/udp/dns_filter/v3/dns_filter_pb.js";
import { ServerNameInputSchema } from "#gen/envoy/extensions/matching/common_inputs/network/v3/network_inputs_pb.js";
import { UriSanInputSchema } from "#gen/envoy/extensions/matching/common_inputs/ssl/v3/ssl_inputs_pb.js";
import { OmitHostMetadataConfigSchema } from "#gen/envoy/extensions/retry/host/omit_host_metadata/v3/omit_host_metadata_config_pb.js";
import { PreviousHostsPredicateSchema } from "#gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js";
import { PreviousPrioritiesConfigSchema } from "#gen/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config_pb.js";
import { SecretSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
import { DownstreamTlsContextSchema, UpstreamTlsContextSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import { SPIFFECertValidatorConfigSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_spiffe_validator_config_pb.js";
import { HttpProtocolOptionsSchema } from "#gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js";

export const envoyRegistry = createRegistry(
  // of patches
  EchoSchema, ...filtersOfOthers,
  // resources
  ClusterSchema, ClusterLoadAssignmentSchema, ListenerSchema, RouteConfigurationSchema, SecretSchema,
  // network filters
  HttpConnectionManagerSchema, TcpProxySchema, KafkaBrokerSchema, NetworkRbacSchema, NetworkRateLimitSchema, SetFilterStateSchema, TlsInspectorSchema, HttpInspectorSchema, OriginalDstSchema, DnsFilterConfigSchema,
  // HTTP filters
  RouterSchema, LuaSchema, GrpcStatsSchema, HttpRbacSchema, HttpRateLimitSchema, HTTPFaultSchema, ExtensionWithMatcherSchema,
  // TLS and protocol options
  DownstreamTlsContextSchema, UpstreamTlsContextSchema, SPIFFECertValidatorConfigSchema, HttpProtocolOptionsSchema,
  // matchers
  ActionSchema, SkipFilterSchema, ServerNameInputSchema, UriSanInputSchema,
  // retries
  OmitHostMetadataConfigSchema, PreviousHostsPredicateSchema, PreviousPrioritiesConfigSchema,
  // events of health checks
  HealthCheckEventFileSinkSchema,
  // tracing
  ZipkinConfigSchema, DatadogConfigSchema, OpenTelemetryConfigSchema,
  // access logs
  FileAccessLogSchema, OpenTelemetryAccessLogConfigSchema, AccessLogExpressionSchema,
);
