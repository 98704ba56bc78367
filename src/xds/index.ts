// ADS: Envoys get their configuration here.
export { xdsServer, type AdmittedProxy, type ProxyDoor, type XdsOptions, type XdsServer } from "./server.ts";
export { followMeshes, type Meshes, type MeshesOptions } from "./meshes.ts";
export { parseNode, type NodeFacts, type ProxyType } from "./metadata.ts";
export type { AdminTlsSource } from "./admin-tls.ts";
export type { AuthoritySource, Identity, Issuer } from "./secrets.ts";
export { urisOf } from "./secrets.ts";
export { trustOf } from "./trusts.ts";
export type { ShownIds } from "./shown-ids.ts";
export type { CertificateFacts, ProxyStatus, Subscription } from "./status.ts";
export type { Snapshot } from "./snapshot.ts";
