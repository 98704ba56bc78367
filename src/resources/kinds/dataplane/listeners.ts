// Listeners of zone proxies inside a Dataplane: their types, addresses and unique names.
import { Dataplane_Networking_Listener_Type as ListenerType, type Dataplane_Networking as Networking } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { violation, type Violation } from "../../failure.ts";
import { validateAddress, validatePort } from "../field-rules.ts";

export function validateListeners(networking: Networking): readonly Violation[] {
  const names = new Set(networking.inbound.map((it) => it.name).filter(Boolean));
  const taken = new Set(networking.inbound.map((it) => `${it.address || networking.address}:${it.port}`));
  const typeByAddress = new Map<string, ListenerType>();
  return networking.listeners.flatMap((listener, index) => {
    const at = `networking.listeners[${index}]`;
    const address = `${listener.address}:${listener.port}`;
    const isNamedTwice = listener.name !== "" && names.has(listener.name);
    const otherType = typeByAddress.get(address);
    names.add(listener.name);
    if (otherType === undefined) typeByAddress.set(address, listener.type);
    return [
      ...(listener.type === ListenerType.Unspecified ? [violation(`${at}.type`, "type must be ZoneIngress or ZoneEgress")] : []),
      ...validateAddress(`${at}.address`, listener.address),
      ...validatePort(`${at}.port`, listener.port),
      ...(isNamedTwice ? [violation(`${at}.name`, `name "${listener.name}" must be unique across inbounds and listeners`)] : []),
      ...(otherType === undefined ? [] : [violation(at, `address:port ${address} is ${otherType === listener.type ? "already used by another listener" : "used by listeners of different types"}`)]),
      ...(taken.has(address) ? [violation(at, `address:port ${address} collides with an inbound listener`)] : []),
    ];
  });
}
