// Configuration keys: metrics, diagnostics, tracing (spec/api.md 4.3).
import { bool, duration, int, list, text } from "../key.ts";

export const observabilityKeys = {
  "monitoringAssignmentServer.enabled": bool("KUMA_MONITORING_ASSIGNMENT_SERVER_ENABLED", true, "MADS for Prometheus"),
  "monitoringAssignmentServer.tlsEnabled": bool("KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_ENABLED", false, "serve Prometheus over TLS"),
  "monitoringAssignmentServer.port": int("KUMA_MONITORING_ASSIGNMENT_SERVER_PORT", 5676),
  "monitoringAssignmentServer.apiVersions": list("KUMA_MONITORING_ASSIGNMENT_SERVER_API_VERSIONS", ["v1"]),
  "monitoringAssignmentServer.assignmentRefreshInterval": duration("KUMA_MONITORING_ASSIGNMENT_SERVER_ASSIGNMENT_REFRESH_INTERVAL", "1s"),
  "monitoringAssignmentServer.defaultFetchTimeout": duration("KUMA_MONITORING_ASSIGNMENT_SERVER_DEFAULT_FETCH_TIMEOUT", "30s"),
  "metrics.dataplane.subscriptionLimit": int("KUMA_METRICS_DATAPLANE_SUBSCRIPTION_LIMIT", 2, "subscriptions kept in an insight"),
  "metrics.dataplane.idleTimeout": duration("KUMA_METRICS_DATAPLANE_IDLE_TIMEOUT", "5m", "then the insight is marked offline"),
  "metrics.zone.subscriptionLimit": int("KUMA_METRICS_ZONE_SUBSCRIPTION_LIMIT", 10, "kept in ZoneInsight"),
  "metrics.zone.idleTimeout": duration("KUMA_METRICS_ZONE_IDLE_TIMEOUT", "5m"),
  "metrics.zone.compactFinishedSubscriptions": bool("KUMA_METRICS_ZONE_COMPACT_FINISHED_SUBSCRIPTIONS", false),
  "metrics.mesh.minResyncInterval": duration("KUMA_METRICS_MESH_MIN_RESYNC_INTERVAL", "1s"),
  "metrics.mesh.fullResyncInterval": duration("KUMA_METRICS_MESH_FULL_RESYNC_INTERVAL", "20s"),
  "metrics.mesh.bufferSize": int("KUMA_METRICS_MESH_BUFFER_SIZE", 1000),
  "metrics.mesh.eventProcessors": int("KUMA_METRICS_MESH_EVENT_PROCESSORS", 1),
  "metrics.controlPlane.reportResourcesCount": bool("KUMA_METRICS_CONTROL_PLANE_REPORT_RESOURCES_COUNT", true),
  "metrics.openTelemetry.enabled": bool("KUMA_METRICS_OPENTELEMETRY_ENABLED", true),
  "reports.enabled": bool("KUMA_REPORTS_ENABLED", false, "usage reports"),
  "diagnostics.serverPort": int("KUMA_DIAGNOSTICS_SERVER_PORT", 5680, "/ready /healthy /metrics"),
  "diagnostics.debugEndpoints": bool("KUMA_DIAGNOSTICS_DEBUG_ENDPOINTS", false, "pprof"),
  "diagnostics.tlsEnabled": bool("KUMA_DIAGNOSTICS_TLS_ENABLED", false),
  "tracing.openTelemetry.endpoint": text("KUMA_TRACING_OPENTELEMETRY_ENDPOINT", "", "OTEL_* variables otherwise"),
  "eventBus.bufferSize": int("KUMA_EVENT_BUS_BUFFER_SIZE", 100, "per subscriber"),
} as const;
