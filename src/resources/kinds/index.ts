// The kinds that are no policies, in the order of the registry (spec/api.md 1.1).
import type { Kind } from "../kind.ts";
import { configKind } from "./config/kind.ts";
import { dataplaneInsightKind } from "./dataplane-insight/kind.ts";
import { dataplaneKind } from "./dataplane/kind.ts";
import { hostnameGeneratorKind } from "./hostname-generator/kind.ts";
import { meshExternalServiceKind } from "./mesh-external-service/kind.ts";
import { meshIdentityKind } from "./mesh-identity/kind.ts";
import { meshMultiZoneServiceKind } from "./mesh-multi-zone-service/kind.ts";
import { meshOpenTelemetryBackendKind } from "./mesh-open-telemetry-backend/kind.ts";
import { meshServiceKind } from "./mesh-service/kind.ts";
import { meshTrustKind } from "./mesh-trust/kind.ts";
import { meshZoneAddressKind } from "./mesh-zone-address/kind.ts";
import { meshKind } from "./mesh/kind.ts";
import { globalSecretKind, secretKind } from "./secret/kind.ts";
import { workloadKind } from "./workload/kind.ts";
import { zoneEgressInsightKind, zoneEgressKind } from "./zone-egress/kind.ts";
import { zoneIngressInsightKind, zoneIngressKind } from "./zone-ingress/kind.ts";
import { externalServiceKind } from "./external-service/kind.ts";
import { meshGatewayKind } from "./mesh-gateway/kind.ts";
import { meshInsightKind } from "./mesh-insight/kind.ts";
import { olderPolicyKinds } from "./older-policies/kinds.ts";
import { serviceInsightKind } from "./service-insight/kind.ts";
import { zoneInsightKind, zoneKind } from "./zone/kind.ts";

export const coreKinds: readonly Kind[] = [
  meshKind, zoneKind, secretKind, globalSecretKind, configKind, dataplaneKind, dataplaneInsightKind,
  zoneIngressKind, zoneIngressInsightKind, zoneEgressKind, zoneEgressInsightKind,
  hostnameGeneratorKind, meshExternalServiceKind, meshIdentityKind, meshMultiZoneServiceKind, meshOpenTelemetryBackendKind,
  meshServiceKind, meshTrustKind, meshZoneAddressKind, workloadKind,
  zoneInsightKind, meshInsightKind, serviceInsightKind, externalServiceKind, meshGatewayKind, ...olderPolicyKinds,
];

export { meshKind, meshKindWithOneAuthority } from "./mesh/kind.ts";
export { dataplaneKind } from "./dataplane/kind.ts";
export { dataplaneInsightKind } from "./dataplane-insight/kind.ts";
export { zoneKind } from "./zone/kind.ts";
export { zoneIngressInsightKind, zoneIngressKind } from "./zone-ingress/kind.ts";
export { zoneEgressInsightKind, zoneEgressKind } from "./zone-egress/kind.ts";
export { globalSecretKind, secretKind } from "./secret/kind.ts";
export { configKind } from "./config/kind.ts";
export { hostnameGeneratorKind, type HostnameGenerator, type HostnameGeneratorSpec } from "./hostname-generator/kind.ts";
export { meshServiceKind, type MeshService, type MeshServiceSpec, type MeshServiceStatus } from "./mesh-service/kind.ts";
export { meshExternalServiceKind, type MeshExternalService, type MeshExternalServiceSpec, type MeshExternalServiceStatus } from "./mesh-external-service/kind.ts";
export { meshMultiZoneServiceKind, type MeshMultiZoneService, type MeshMultiZoneServiceSpec, type MeshMultiZoneServiceStatus } from "./mesh-multi-zone-service/kind.ts";
export { meshIdentityKind, type MeshIdentity, type MeshIdentitySpec, type MeshIdentityStatus } from "./mesh-identity/kind.ts";
export { meshTrustKind, type MeshTrust, type MeshTrustSpec, type MeshTrustStatus } from "./mesh-trust/kind.ts";
export { workloadKind, type Workload, type WorkloadStatus } from "./workload/kind.ts";
export { meshZoneAddressKind, type MeshZoneAddress, type MeshZoneAddressSpec } from "./mesh-zone-address/kind.ts";
export { meshOpenTelemetryBackendKind, type MeshOpenTelemetryBackend, type MeshOpenTelemetryBackendSpec } from "./mesh-open-telemetry-backend/kind.ts";
export { parseTemplate, renderTemplate, type TemplateInput } from "./go-template.ts";
export { isHost, isIp } from "./field-rules.ts";
export { olderPolicyKinds } from "./older-policies/kinds.ts";
export type { Condition } from "./status.ts";
