// The controllers of a zone: what reacts to the store and writes its consequences.
import { allocateServiceVips, allocateVips, generateHostnames, generateMeshServices, keepMeshServiceStatus, matchMultiZoneServices, removeOfflineProxies } from "#controllers";
import type { Part, Platform } from "#platform";
import type { Kinds, Place } from "#resources";
import type { Store } from "#store";
import type { WriteDoor } from "#write";
import type { Config } from "./config/load.ts";

interface Parts {
  readonly config: Config;
  readonly store: Store;
  readonly door: WriteDoor;
  readonly kinds: Kinds;
  readonly place: Place;
  readonly platform: Platform;
}

/** Leader parts. Global has none: it names and addresses nothing. */
export function controllerParts({ config, store, door, kinds, place, platform }: Parts): readonly Part[] {
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
    ...(has("MeshService") ? [keepMeshServiceStatus(parts)] : []),
    ...(has("MeshMultiZoneService") ? [matchMultiZoneServices({ ...parts, place })] : []),
    allocateVips({ ...parts, cidrs }),
    ...(config.get("dnsServer.serviceVipEnabled") ? [allocateServiceVips({ ...parts, place, cidr: config.get("dnsServer.CIDR") })] : []),
    ...(has("HostnameGenerator") ? [generateHostnames({ ...parts, place })] : []),
    ...(isUniversal
      ? [removeOfflineProxies({ ...parts, place, dataplaneCleanupAgeMs: config.get("runtime.universal.dataplaneCleanupAge"), zoneProxyCleanupAgeMs: config.get("runtime.universal.zoneResourceCleanupAge") })]
      : []),
  ];
}
