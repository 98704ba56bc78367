// Configuration keys: global and zone control planes (spec/api.md 4.3).
import { bool, duration, int, text } from "../key.ts";

export const multizoneKeys = {
  "multizone.global.kds.grpcPort": int("KUMA_MULTIZONE_GLOBAL_KDS_GRPC_PORT", 5685, "KDS listener of the global CP"),
  "multizone.global.kds.refreshInterval": duration("KUMA_MULTIZONE_GLOBAL_KDS_REFRESH_INTERVAL", "1s"),
  "multizone.global.kds.zoneInsightFlushInterval": duration("KUMA_MULTIZONE_GLOBAL_KDS_ZONE_INSIGHT_FLUSH_INTERVAL", "10s"),
  "multizone.global.kds.tlsEnabled": bool("KUMA_MULTIZONE_GLOBAL_KDS_TLS_ENABLED", true),
  "multizone.global.kds.maxMsgSize": int("KUMA_MULTIZONE_GLOBAL_KDS_MAX_MSG_SIZE", 10485760),
  "multizone.global.kds.msgSendTimeout": duration("KUMA_MULTIZONE_GLOBAL_KDS_MSG_SEND_TIMEOUT", "60s"),
  "multizone.global.kds.nackBackoff": duration("KUMA_MULTIZONE_GLOBAL_KDS_NACK_BACKOFF", "5s"),
  "multizone.global.kds.responseBackoff": duration("KUMA_MULTIZONE_GLOBAL_KDS_RESPONSE_BACKOFF", "0s"),
  "multizone.global.kds.logPayloads": bool("KUMA_MULTIZONE_GLOBAL_KDS_LOG_PAYLOADS", false),
  "multizone.global.kds.tracing.enabled": bool("KUMA_MULTIZONE_GLOBAL_KDS_TRACING_ENABLED", true),
  "multizone.zone.name": text("KUMA_MULTIZONE_ZONE_NAME", "default"),
  "multizone.zone.globalAddress": text("KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS", "", "grpcs://host:5685 or grpc://; set = federated"),
  "multizone.zone.kds.refreshInterval": duration("KUMA_MULTIZONE_ZONE_KDS_REFRESH_INTERVAL", "1s"),
  "multizone.zone.kds.rootCaFile": text("KUMA_MULTIZONE_ZONE_KDS_ROOT_CA_FILE", "", "CA of the global KDS"),
  "multizone.zone.kds.tlsSkipVerify": bool("KUMA_MULTIZONE_ZONE_KDS_TLS_SKIP_VERIFY", false),
  "multizone.zone.kds.maxMsgSize": int("KUMA_MULTIZONE_ZONE_KDS_MAX_MSG_SIZE", 10485760),
  "multizone.zone.kds.msgSendTimeout": duration("KUMA_MULTIZONE_ZONE_KDS_MSG_SEND_TIMEOUT", "60s"),
  "multizone.zone.kds.nackBackoff": duration("KUMA_MULTIZONE_ZONE_KDS_NACK_BACKOFF", "5s"),
  "multizone.zone.kds.responseBackoff": duration("KUMA_MULTIZONE_ZONE_KDS_RESPONSE_BACKOFF", "0s"),
  "multizone.zone.kds.logPayloads": bool("KUMA_MULTIZONE_ZONE_KDS_LOG_PAYLOADS", false),
  "multizone.zone.disableOriginLabelValidation": bool("KUMA_MULTIZONE_ZONE_DISABLE_ORIGIN_LABEL_VALIDATION", false, "see 1.4"),
  "multizone.zone.ingressUpdateInterval": duration("KUMA_MULTIZONE_ZONE_INGRESS_UPDATE_INTERVAL", "1s"),
} as const;
