// What a generated MeshService looks like: its ports, labels and selector, from the Dataplanes that serve it (spec/multizone.md 4.5).
import { createHash } from "node:crypto";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { inboundProtocol, memoOn } from "#mesh";
import { label, tag, validateLabels, type Labels, type Place, type Resource } from "#resources";
import { meshServiceKind, type MeshServiceSpec } from "#resources/kinds";

export const generatorName = "meshservice-generator";
/** One per propagated label, so that it can be taken away again: the rest of the key stands for the label's key. */
const markerPrefix = "kuma.io/pkey-";

export interface LabelPropagation {
  readonly enabled: boolean;
  /** Empty: every key that is not Kuma's own. */
  readonly allowedLabelKeys: readonly string[];
}

export type Port = NonNullable<MeshServiceSpec["ports"]>[number];

/** What one Dataplane contributes to one service. */
interface Contribution {
  readonly service: string;
  readonly ports: readonly Port[];
  readonly tags: Labels;
}

export interface Wanted {
  readonly name: string;
  /** Of the Dataplanes, the oldest first. */
  readonly ports: readonly (readonly Port[])[];
  readonly propagated: Labels;
}

/** Only such names can be the name of a MeshService that is reached by host name. */
const isLabel1035 = (text: string): boolean => text.length <= 63 && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(text);

const contributionsByTag = memoOn((dataplane: Resource<Dataplane>) => contributions(dataplane, ({ tags }) => tags[tag.service] ?? ""));
const contributionsByWorkload = memoOn((dataplane: Resource<Dataplane>) => contributions(dataplane, () => dataplane.labels[label.workload] ?? ""));

type Inbound = NonNullable<Dataplane["networking"]>["inbound"][number];

function contributions(dataplane: Resource<Dataplane>, serviceOf: (inbound: Inbound) => string): readonly Contribution[] {
  const { networking } = dataplane.spec;
  if (!networking || networking.gateway) return [];
  const services = Map.groupBy(networking.inbound, serviceOf);
  return [...services].flatMap(([service, inbounds]) => (isLabel1035(service) ? [{ service, ports: portsOf(inbounds), tags: sharedTags(inbounds) }] : []));
}

/** Two inbounds may have one port on different addresses; a service has it once. */
function portsOf(inbounds: readonly Inbound[]): readonly Port[] {
  const ports = new Map<number, Port>();
  for (const inbound of inbounds) {
    const { port, name } = inbound;
    if (!ports.has(port)) ports.set(port, { name: name || String(port), port, targetPort: port, appProtocol: inboundProtocol(inbound) || "tcp" });
  }
  return [...ports.values()];
}

/** Tags on which the inbounds agree. */
function sharedTags(inbounds: readonly Inbound[]): Labels {
  const [first, ...rest] = inbounds;
  return Object.fromEntries(Object.entries(first?.tags ?? {}).filter(([key, value]) => rest.every((it) => it.tags[key] === undefined || it.tags[key] === value)));
}

const byAge = (a: Resource, b: Resource): number => a.creationTime - b.creationTime || (a.name < b.name ? -1 : 1);

/** The services of a mesh by name. */
export function wantedServices(dataplanes: readonly Resource<Dataplane>[], place: Place, propagation: LabelPropagation): ReadonlyMap<string, Wanted> {
  const contributionsOf = place.inboundTagsDisabled ? contributionsByWorkload : contributionsByTag;
  const wanted = new Map<string, { name: string; ports: (readonly Port[])[]; propagated: Record<string, string> }>();
  for (const dataplane of dataplanes.toSorted(byAge)) {
    for (const { service, ports, tags } of contributionsOf(dataplane)) {
      const it = wanted.get(service) ?? { name: service, ports: [], propagated: {} };
      wanted.set(service, it);
      it.ports.push(ports);
      // The youngest Dataplane has the last word, its labels before its tags.
      if (propagation.enabled) Object.assign(it.propagated, allowed(tags, propagation), allowed(dataplane.labels, propagation));
    }
  }
  return wanted;
}

function allowed(labels: Labels, { allowedLabelKeys }: LabelPropagation): Labels {
  return Object.fromEntries(
    Object.entries(labels).filter(([key, value]) => {
      const isOwn = /(^|\.)kuma\.io\//.test(key);
      return !isOwn && (allowedLabelKeys.length === 0 || allowedLabelKeys.includes(key)) && isValidLabel(key, value);
    }),
  );
}

/** A tag may say what a label may not. */
const isValidLabel = (key: string, value: string): boolean =>
  validateLabels(meshServiceKind, { labels: { [key]: value }, mesh: "", spec: {} }, { mode: "zone", zone: "", federated: false, environment: "universal", systemNamespace: "" }).length === 0;

const markerOf = (key: string): string => `${markerPrefix}${createHash("sha256").update(key).digest("hex").slice(0, 16)}`;

/** What others put on a generated service stays; what was propagated and is no more goes. */
export function labelsOf({ name, propagated }: Wanted, mesh: string, place: Place, current: Labels): Labels {
  const kept = Object.entries(current).filter(([key]) => !key.startsWith(markerPrefix) && key !== label.deletionGracePeriodStartedAt && current[markerOf(key)] === undefined);
  return Object.fromEntries([
    ...kept,
    ...Object.entries(propagated),
    ...Object.keys(propagated).map((key) => [markerOf(key), ""]),
    [label.mesh, mesh],
    [label.displayName, name],
    [label.managedBy, generatorName],
    [label.env, place.environment],
    [label.zone, place.zone],
    [label.origin, "zone"],
  ]) as Labels;
}

/** Dataplanes that disagree: the stored ports stay while one still has them, else the oldest Dataplane decides. */
export function chosenPorts({ ports }: Wanted, stored: readonly Port[] | undefined): readonly Port[] {
  const storedText = stored && textOf(stored);
  return ports.find((it) => textOf(it) === storedText) ?? ports[0] ?? [];
}

const textOf = memoOn((ports: readonly Port[]): string => JSON.stringify(ports.map(({ name, port, targetPort, appProtocol }) => [name, port, targetPort, appProtocol])));

export const selectorOf = (name: string, place: Place): MeshServiceSpec["selector"] =>
  place.inboundTagsDisabled ? { dataplaneLabels: { matchLabels: { [label.workload]: name } } } : { dataplaneTags: { [tag.service]: name } };
