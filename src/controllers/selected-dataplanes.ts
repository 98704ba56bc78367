// Which Dataplanes a MeshService selects, and which of those serve all its ports.
import { Dataplane_Networking_Inbound_State as InboundState, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { memoOn } from "#mesh";
import { tag, type Labels, type Resource } from "#resources";
import type { MeshServiceSpec } from "#resources/kinds";

type DataplaneResource = Resource<Dataplane>;
type Inbound = NonNullable<Dataplane["networking"]>["inbound"][number];

/** Gateways serve no MeshService. */
const inboundsOf = ({ spec: { networking } }: DataplaneResource): readonly Inbound[] => (!networking || networking.gateway ? [] : networking.inbound);

const hasAll = (labels: Labels, wanted: Labels): boolean => Object.entries(wanted).every(([key, value]) => labels[key] === value);

/** The values of the service tag, sorted. */
export const servicesOf = memoOn((dataplane: DataplaneResource): readonly string[] =>
  [...new Set(inboundsOf(dataplane).flatMap((it) => it.tags[tag.service] ?? []))].toSorted(),
);

/** A store's list keeps its identity while nothing changes: the index lives as long. */
const byService = memoOn((dataplanes: readonly DataplaneResource[]): ReadonlyMap<string, readonly DataplaneResource[]> => {
  const index = new Map<string, DataplaneResource[]>();
  for (const dataplane of dataplanes) {
    for (const service of servicesOf(dataplane)) {
      const list = index.get(service);
      if (list) list.push(dataplane);
      else index.set(service, [dataplane]);
    }
  }
  return index;
});

const byName = memoOn((dataplanes: readonly DataplaneResource[]) => new Map(dataplanes.map((it) => [it.name, it])));

export function selectedDataplanes(dataplanes: readonly DataplaneResource[], { dataplaneTags, dataplaneRef, dataplaneLabels }: MeshServiceSpec["selector"]): readonly DataplaneResource[] {
  if (dataplaneTags) {
    if (Object.keys(dataplaneTags).length === 0) return [];
    const service = dataplaneTags[tag.service];
    const pool = service === undefined ? dataplanes : (byService(dataplanes).get(service) ?? []);
    return pool.filter((it) => inboundsOf(it).some((inbound) => hasAll(inbound.tags, dataplaneTags)));
  }
  if (dataplaneRef) {
    const named = byName(dataplanes).get(dataplaneRef.name ?? "");
    return named && inboundsOf(named).length > 0 ? [named] : [];
  }
  if (!dataplaneLabels) return [];
  return dataplanes.filter((it) => inboundsOf(it).length > 0 && hasAll(it.labels, dataplaneLabels.matchLabels ?? {}));
}

/** A ready inbound for every port, whatever its tags. A port without a target has none. */
export function servesAll(dataplane: DataplaneResource, { ports = [] }: MeshServiceSpec): boolean {
  const inbounds = inboundsOf(dataplane).filter((it) => it.state === InboundState.Ready);
  return ports.every(({ targetPort }) => inbounds.some((it) => (typeof targetPort === "number" ? it.port === targetPort : it.name !== "" && it.name === targetPort)));
}
