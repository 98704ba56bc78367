// The bootstrap of proxies: how kuma-dp gets Envoy's first configuration.
export { bootstrapHandler, type BootstrapParts, type BootstrapSettings, type ProxyType } from "./server.ts";
export { bootstrapDocument, socketPath, type DocumentInput } from "./document.ts";
export { bootstrapRequestSchema, type BootstrapRequest, type BootstrapResponse } from "./request.ts";
