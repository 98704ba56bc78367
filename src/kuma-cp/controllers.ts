// The controllers of a zone: what reacts to the store and writes its consequences.
import { allocateServiceVips, allocateVips, generateHostnames, generateMeshServices, generateWorkloads, keepAvailableServices, keepMeshIdentities, keepMeshServiceStatus, keepTelemetryReferences, matchMultiZoneServices, removeOfflineProxies, type ProxyIdentity } from "#controllers";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { assignIdentity, isProblem, trustedDomains } from "#mesh";
import type { Part, Platform } from "#platform";
import type { Kinds, Place, Resource } from "#resources";
import type { Store } from "#store";
import type { WriteDoor } from "#write";
import type { ShownIds } from "#xds";
import type { Config } from "./config/load.ts";
import type { IdentityAuthorities } from "./identity-authorities.ts";

interface Parts {
  readonly config: Config;
  readonly store: Store;
  readonly door: WriteDoor;
  readonly kinds: Kinds;
  readonly place: Place;
  readonly platform: Platform;
  readonly identities: IdentityAuthorities;
  readonly shownIds: ShownIds;
}

/** Leader parts. Global has none: it names and addresses nothing. */
export function controllerParts({ config, store, door, kinds, place, platform, identities, shownIds }: Parts): readonly Part[] {
  if (place.mode === "global") return [];
  const parts = { store, door, platform };
  const has = (kind: string) => kinds.byName(kind) !== undefined;
  const isUniversal = place.environment === "universal";
  const services = has("MeshService") && isUniversal
    ? [
        generateMeshServices({
          ...parts, place, deletionGracePeriodMs: config.get("meshService.deletionGracePeriod"),
          labelPropagation: { enabled: config.get("meshService.labelPropagation.enabled"), allowedLabelKeys: config.get("meshService.labelPropagation.allowedLabelKeys") },
        }),
      ]
    : [];
  const cidrs = { meshService: config.get("ipam.meshService.cidr"), meshExternalService: config.get("ipam.meshExternalService.cidr"), meshMultiZoneService: config.get("ipam.meshMultiZoneService.cidr") };
  return [
    ...services,
    ...(has("Workload") && isUniversal ? [generateWorkloads({ ...parts, place })] : []),
    ...(has("MeshIdentity") && has("MeshTrust") ? [keepMeshIdentities({ ...parts, zone: place.zone, authorities: identities })] : []),
    ...(has("MeshService") ? [keepMeshServiceStatus({ ...parts, shownIds, identityOf: (dataplane) => identityOf(store, dataplane, place.zone) })] : []),
    ...(has("MeshMultiZoneService") ? [matchMultiZoneServices({ ...parts, place })] : []),
    ...(has("MeshOpenTelemetryBackend") ? [keepTelemetryReferences(parts)] : []),
    allocateVips({ ...parts, cidrs }),
    ...(config.get("dnsServer.serviceVipEnabled") ? [allocateServiceVips({ ...parts, place, cidr: config.get("dnsServer.CIDR") })] : []),
    ...(has("ZoneIngress") ? [keepAvailableServices({ ...parts, place, gapMs: config.get("multizone.zone.ingressUpdateInterval"), tagFilters: config.get("experimental.ingressTagFilters") })] : []),
    ...(has("HostnameGenerator") ? [generateHostnames({ ...parts, place })] : []),
    ...(isUniversal
      ? [removeOfflineProxies({ ...parts, place, dataplaneCleanupAgeMs: config.get("runtime.universal.dataplaneCleanupAge"), zoneProxyCleanupAgeMs: config.get("runtime.universal.zoneResourceCleanupAge") })]
      : []),
  ];
}

/** Names of Spire are good at once: its agent keeps the trust. */
function identityOf(store: Store, dataplane: Resource<Dataplane>, zone: string): ProxyIdentity | undefined {
  const { mesh } = dataplane;
  const assigned = assignIdentity(store.list("MeshIdentity", { mesh }), dataplane, zone);
  if (!assigned || isProblem(assigned)) return undefined;
  const { spiffeId, issuer, isEstablished, trustDomain } = assigned;
  return { spiffeId, isTrusted: issuer === "spire" ? isEstablished : issuer === "controlPlane" && isEstablished && trustedDomains(store.list("MeshTrust", { mesh })).has(trustDomain) };
}
