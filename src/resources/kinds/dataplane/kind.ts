// Dataplane: one sidecar, gateway or zone proxy of a mesh.
import { Dataplane_Networking_Gateway_GatewayType as GatewayType, Dataplane_Networking_Listener_Type as ListenerType, DataplaneSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { defineFlatKind } from "../../kind.ts";
import { label } from "../../resource.ts";
import { completeDataplane } from "./defaults.ts";
import { validateDataplane } from "./validate.ts";

export const dataplaneKind = defineFlatKind<typeof DataplaneSchema>({
  name: "Dataplane",
  scope: "Mesh",
  path: "dataplanes",
  shortName: "dp",
  singular: "dataplane",
  plural: "dataplanes",
  displayName: "Dataplane",
  displayNamePlural: "Dataplanes",
  kds: { zoneToGlobal: true },
  isProxy: true,
  message: DataplaneSchema,
  applyDefaults: completeDataplane,
  validate: validateDataplane,
  labelsOf: ({ networking }) => ({
    [label.proxyType]: networking?.gateway?.type === GatewayType.BUILTIN ? "gateway" : "sidecar",
    [label.listenerZoneIngress]: networking?.listeners.some((it) => it.type === ListenerType.ZoneIngress) ? "enabled" : undefined,
    [label.listenerZoneEgress]: networking?.listeners.some((it) => it.type === ListenerType.ZoneEgress) ? "enabled" : undefined,
  }),
});
