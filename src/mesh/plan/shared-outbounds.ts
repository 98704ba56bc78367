// Outbounds that read the same are one array, and so is their plan: what is made of them is made once for all proxies that have them.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Resource } from "#resources";
import { listInterner, memoOn, memoOnBoth } from "../intern.ts";
import type { Destination } from "./destinations.ts";
import { listedOutbounds, reachable, type DestinationIndex, type Outbound } from "./outbounds.ts";
import type { DnsRecord, PlannedOutbound, TargetPlan } from "./plan.ts";

/** What can be called in a mesh; the same object while destinations stay as they are, whatever policies do. */
export interface Callable {
  readonly destinations: DestinationIndex;
  /** Every virtual IP, for transparent proxies. */
  readonly virtual: readonly Outbound[];
  readonly dns: readonly DnsRecord[];
  /** The outbounds a Dataplane lists itself. */
  listed(dataplane: Resource<Dataplane>): readonly Outbound[];
  /** The virtual ones it may reach, in meshes where it must name them and where it need not. */
  reachable(dataplane: Resource<Dataplane>, needsBackends: boolean): readonly Outbound[];
}

export function callable(parts: Pick<Callable, "destinations" | "virtual" | "dns">): Callable {
  const virtual = parts.virtual.map(internOutbound);
  const reach = (needsBackends: boolean) => memoOn((dataplane: Resource<Dataplane>) => {
    const reached = reachable(virtual, dataplane, needsBackends);
    return reached.length === virtual.length ? virtual : internOutbounds(reached);
  });
  const [freely, byName] = [reach(false), reach(true)];
  return {
    ...parts,
    virtual,
    listed: memoOn((dataplane: Resource<Dataplane>) => internOutbounds(listedOutbounds(dataplane, parts.destinations).map(internOutbound))),
    reachable: (dataplane, needsBackends) => (needsBackends ? byName : freely)(dataplane),
  };
}

const byPlace = memoOn<Destination, Map<string, WeakRef<Outbound>>>(() => new Map());

function internOutbound(outbound: Outbound): Outbound {
  const places = byPlace(outbound.destination);
  const place = `${outbound.address} ${outbound.port}`;
  const known = places.get(place)?.deref();
  if (known) return known;
  // Places come from users' Dataplanes: those that nobody has any more do not stay.
  if (places.size >= 1000) for (const [old, reference] of places) if (!reference.deref()) places.delete(old);
  places.set(place, new WeakRef(outbound));
  return outbound;
}

const internOutbounds = listInterner<Outbound>();

/** Plans of outbounds for one set of matched policies. */
export const planOutbounds = (targetFor: (destination: Destination) => TargetPlan): ((outbounds: readonly Outbound[]) => readonly PlannedOutbound[]) =>
  memoOn((outbounds) => outbounds.map(({ address, port, destination }): PlannedOutbound => ({ address, port, target: targetFor(destination) })));

/** A name is of use only where the proxy has an outbound for its address. */
export const reachableRecords = memoOnBoth((records: readonly DnsRecord[], outbounds: readonly PlannedOutbound[]): readonly DnsRecord[] => {
  const addresses = new Set(outbounds.map((it) => it.address));
  return records.filter((record) => record.addresses.some((address) => addresses.has(address)));
});
