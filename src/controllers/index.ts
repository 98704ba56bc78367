// Parts that react to changes of the store and write their consequences.
export { keepDefaults, type DefaultsOptions, type RootPair } from "./defaults.ts";
export type { ControllerParts } from "./reaction.ts";
export { generateMeshServices, type MeshServiceOptions } from "./mesh-services.ts";
export type { LabelPropagation } from "./generated-service.ts";
export { keepMeshServiceStatus, type MeshServiceStatusOptions, type ProxyIdentity } from "./mesh-service-status.ts";
export { keepMeshIdentities, type MeshIdentityOptions, type OpenedAuthority } from "./mesh-identities.ts";
export { keepTelemetryReferences } from "./telemetry-references.ts";
export { allocateVips, type VipOptions } from "./vips.ts";
export { allocateServiceVips, type ServiceVipOptions } from "./service-vips.ts";
export { generateHostnames, type HostnameOptions } from "./hostnames.ts";
export { removeOfflineProxies, type OfflineProxyOptions } from "./offline-proxies.ts";
export { generateWorkloads, type WorkloadOptions } from "./workloads.ts";
export { matchMultiZoneServices, type MultiZoneServiceOptions } from "./multi-zone-services.ts";
export { keepAvailableServices, type AvailableServiceOptions } from "./available-services.ts";
