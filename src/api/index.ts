// The REST API of the control plane.
export { apiRoutes, createApi, type ServerSettings } from "./server.ts";
export type {
  About, ApiAnswer, ApiOptions, AuditedRequest, DataplaneTokenRequest, EnvoyAdmin, EnvoyAdminPage, EnvoyAdminRequest, Inspect, Inspection, ProxyPath, RawRequest, TokenDesk, UserTokenRequest, ZoneTokenRequest,
} from "./options.ts";
// inspection
export { createInspection } from "./inspect/inspection.ts";
export type { InspectionParts } from "./inspect/parts.ts";
