// The kinds that a Dataplane's outbounds and reachable backends may name.
export const destinationKinds: readonly string[] = ["MeshExternalService", "MeshMultiZoneService", "MeshService"];
export const wrongDestinationKind = `invalid value. Available values are: ${destinationKinds.join(",")}`;
