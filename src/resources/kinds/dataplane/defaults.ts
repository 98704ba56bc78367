// What a Dataplane gets when it is written here: the zone on its tags, and "not ready" while a service probe has not answered.
import { create } from "@bufbuild/protobuf";
import { Dataplane_Networking_Inbound_HealthSchema, Dataplane_Networking_Inbound_State as State, type Dataplane, type Dataplane_Networking_Inbound as Inbound } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { tag, type Place } from "../../resource.ts";

type Tags = Inbound["tags"];

/** A new one has not answered its service probes yet; from then on health discovery says whether it does. What needs no change is the same object. */
export function completeDataplane(dataplane: Dataplane, place: Place, isNew: boolean): Dataplane {
  const { networking } = dataplane;
  if (!networking) return dataplane;
  const inZone = (tags: Tags): Tags => (place.mode === "zone" && tags[tag.zone] !== place.zone ? { ...tags, [tag.zone]: place.zone } : tags);
  const complete = (inbound: Inbound): Inbound => {
    // An inbound without tags stays so: the zone alone names no service.
    const tags = place.inboundTagsDisabled || Object.keys(inbound.tags).length === 0 ? inbound.tags : inZone(inbound.tags);
    const notReady = inbound.serviceProbe && isNew ? { health: create(Dataplane_Networking_Inbound_HealthSchema, { ready: false }), state: State.NotReady } : undefined;
    return tags === inbound.tags && !notReady ? inbound : { ...inbound, tags, ...notReady };
  };
  const inbound = networking.inbound.map(complete);
  const { gateway } = networking;
  const gatewayTags = gateway && inZone(gateway.tags);
  const isComplete = inbound.every((it, at) => it === networking.inbound[at]) && gatewayTags === gateway?.tags;
  if (isComplete) return dataplane;
  return { ...dataplane, networking: { ...networking, inbound, ...(gateway && gatewayTags ? { gateway: { ...gateway, tags: gatewayTags } } : {}) } };
}
