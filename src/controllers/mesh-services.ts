// MeshServices that exist because Dataplanes serve them, on Universal (spec/multizone.md 4.5).
import { isDeepStrictEqual } from "node:util";
import { Mesh_MeshServices_Mode as Mode, type Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Part } from "#platform";
import { label, type Place, type Resource } from "#resources";
import type { MeshService, MeshServiceSpec } from "#resources/kinds";
import { chosenPorts, generatorName, labelsOf, selectorOf, wantedServices, type LabelPropagation, type Wanted } from "./generated-service.ts";
import { byMesh, react, type ControllerParts, type Decision, type Write } from "./reaction.ts";

export interface MeshServiceOptions extends ControllerParts {
  readonly place: Place;
  /** `meshService.deletionGracePeriod`. */
  readonly deletionGracePeriodMs: number;
  /** `meshService.labelPropagation`. */
  readonly labelPropagation: LabelPropagation;
}

/** Runs on the leader of a Universal zone. */
export function generateMeshServices(options: MeshServiceOptions): Part {
  const { store, platform } = options;
  return react({
    ...options,
    name: generatorName,
    gapMs: 50,
    ...byMesh(store, ["Dataplane", "MeshService"]),
    decide: (name) =>
      decideMeshServices({
        ...options,
        mesh: store.get({ type: "Mesh", mesh: "", name }) as Resource<Mesh> | undefined,
        dataplanes: () => store.list("Dataplane", { mesh: name }) as readonly Resource<Dataplane>[],
        services: store.list("MeshService", { mesh: name }) as readonly MeshService[],
        now: platform.clock.now(),
      }),
  });
}

export interface MeshServicesView extends Pick<MeshServiceOptions, "place" | "deletionGracePeriodMs" | "labelPropagation"> {
  readonly mesh: Resource<Mesh> | undefined;
  /** Asked for only where services are made of them: a long list changes with each of its proxies. */
  readonly dataplanes: () => readonly Resource<Dataplane>[];
  readonly services: readonly MeshService[];
  readonly now: number;
}

const isGenerated = ({ labels }: Pick<Resource, "labels">): boolean => labels[label.managedBy] === generatorName && labels[label.origin] !== "global";

export function decideMeshServices(view: MeshServicesView): Decision {
  const { mesh, dataplanes, services, place, labelPropagation } = view;
  if (!mesh) return { writes: [], nextAt: Infinity };
  const isOff = (mesh.spec.meshServices?.mode ?? Mode.Disabled) === Mode.Disabled;
  if (isOff) return { writes: services.filter(isGenerated).map((it) => ({ is: "remove", key: it })), nextAt: Infinity };
  const wanted = wantedServices(dataplanes(), place, labelPropagation);
  const stored = new Map(services.map((it) => [it.name, it]));
  const writes = [...wanted.values()].flatMap((it) => keep(it, mesh.name, stored.get(it.name), place));
  const orphans = services.filter((it) => isGenerated(it) && !wanted.has(it.name)).map((it) => retire(it, view));
  return { writes: [...writes, ...orphans.flatMap((it) => it.writes)], nextAt: Math.min(Infinity, ...orphans.map((it) => it.nextAt)) };
}

function keep(wanted: Wanted, mesh: string, stored: MeshService | undefined, place: Place): readonly Write[] {
  const next = (current: MeshService | undefined) => {
    if (current && !isGenerated(current)) return undefined;
    const spec: MeshServiceSpec = {
      state: "Unavailable", ...current?.spec, selector: selectorOf(wanted.name, place), ports: [...chosenPorts(wanted, current?.spec.ports)],
    };
    const labels = labelsOf(wanted, mesh, place, current?.labels ?? {});
    if (current && isDeepStrictEqual(labels, current.labels) && isDeepStrictEqual(spec, current.spec)) return undefined;
    return { type: "MeshService", mesh, name: wanted.name, ...current, spec, labels };
  };
  if (stored && next(stored) === undefined) return [];
  return [{ is: "update", key: { type: "MeshService", mesh, name: wanted.name }, change: (current) => next(current as MeshService | undefined) }];
}

/** Nobody serves it: it is marked, and removed when its time is over. */
function retire(service: MeshService, { now, deletionGracePeriodMs }: MeshServicesView): Decision {
  const markedAt = Date.parse(service.labels[label.deletionGracePeriodStartedAt] ?? "");
  if (deletionGracePeriodMs <= 0 || markedAt + deletionGracePeriodMs <= now) return { writes: [{ is: "remove", key: service }], nextAt: Infinity };
  if (!Number.isNaN(markedAt)) return { writes: [], nextAt: markedAt + deletionGracePeriodMs };
  const startedAt = new Date(now).toISOString();
  const change = (current: Resource | undefined) =>
    current && isGenerated(current) ? { ...current, labels: { ...current.labels, [label.deletionGracePeriodStartedAt]: startedAt } } : undefined;
  return { writes: [{ is: "update", key: service, change }], nextAt: now + deletionGracePeriodMs };
}
