// Health, readiness, metrics and log levels of the control plane.
export { diagnosticsServer, type DiagnosticsOptions } from "./server.ts";
