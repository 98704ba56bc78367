// What a Dataplane gets when it is written here: the zone on its tags, and "not ready" while a service probe has not answered.
import { clone, create } from "@bufbuild/protobuf";
import { Dataplane_Networking_Inbound_HealthSchema, Dataplane_Networking_Inbound_State as State, DataplaneSchema, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { tag, type Place } from "../../resource.ts";

/** A new one has not answered its service probes yet; from then on health discovery says whether it does. */
export function completeDataplane(dataplane: Dataplane, place: Place, isNew: boolean): Dataplane {
  const completed = clone(DataplaneSchema, dataplane);
  const { networking } = completed;
  if (!networking) return completed;
  for (const inbound of networking.inbound) {
    // An inbound without tags stays so: the zone alone names no service.
    if (place.mode === "zone" && !place.inboundTagsDisabled && Object.keys(inbound.tags).length > 0) inbound.tags[tag.zone] = place.zone;
    if (!inbound.serviceProbe || !isNew) continue;
    inbound.health = create(Dataplane_Networking_Inbound_HealthSchema, { ready: false });
    inbound.state = State.NotReady;
  }
  if (networking.gateway && place.mode === "zone") networking.gateway.tags[tag.zone] = place.zone;
  return completed;
}
