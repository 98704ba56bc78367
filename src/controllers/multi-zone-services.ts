// Which MeshServices a MeshMultiZoneService is made of (spec/multizone.md 4.6).
import { isDeepStrictEqual } from "node:util";
import type { Part } from "#platform";
import { displayName, label, type Place, type Resource } from "#resources";
import type { MeshMultiZoneService, MeshMultiZoneServiceStatus, MeshService } from "#resources/kinds";
import { byMesh, react, type ControllerParts, type Decision } from "./reaction.ts";

export interface MultiZoneServiceOptions extends ControllerParts {
  readonly place: Place;
}

/** Runs on the leader of a zone. */
export function matchMultiZoneServices(options: MultiZoneServiceOptions): Part {
  const { store, place } = options;
  return react({
    ...options,
    name: "multi-zone-services",
    gapMs: 100,
    // Status and counts of MeshServices change often, their labels hardly ever.
    ...byMesh(store, ["MeshService", "MeshMultiZoneService"], [], ({ key, previous, current }) => key.type !== "MeshService" || !isDeepStrictEqual(previous?.labels, current?.labels)),
    decide: (mesh) =>
      decideMatches(store.list("MeshMultiZoneService", { mesh }) as readonly MeshMultiZoneService[], store.list("MeshService", { mesh }) as readonly MeshService[], place),
  });
}

export function decideMatches(services: readonly MeshMultiZoneService[], candidates: readonly MeshService[], place: Place): Decision {
  const writes = services.flatMap((service) => {
    const next = (current: MeshMultiZoneService): MeshMultiZoneService | undefined => {
      const status = statusOf(current, candidates, place);
      return isDeepStrictEqual(status, current.status ?? {}) ? undefined : { ...current, status };
    };
    return next(service) ? [{ is: "update", key: service, change: (current: Resource | undefined) => current && next(current as MeshMultiZoneService) } as const] : [];
  });
  return { writes, nextAt: Infinity };
}

function statusOf({ spec, status = {} }: MeshMultiZoneService, candidates: readonly MeshService[], place: Place): MeshMultiZoneServiceStatus {
  const wanted = Object.entries(spec.selector.meshService.matchLabels ?? {});
  const matched = candidates.filter(({ labels }) => wanted.every(([key, value]) => labels[key] === value));
  const { meshServices: _, conditions = [], ...rest } = status;
  const condition = matched.length > 0
    ? { type: "MeshServicesMatched", status: "True" as const, reason: "MatchesFound", message: `Matched ${matched.length} MeshService(s)` }
    : { type: "MeshServicesMatched", status: "False" as const, reason: "NoMatchesFound", message: "Selector does not match any MeshService in this zone" };
  const meshServices = matched.map((it) => ({ name: displayName(it), namespace: it.labels[label.namespace] ?? "", zone: it.labels[label.zone] ?? place.zone, mesh: it.mesh }));
  return { ...rest, ...(meshServices.length > 0 ? { meshServices } : {}), conditions: [...conditions.filter((it) => it.type !== condition.type), condition] };
}
