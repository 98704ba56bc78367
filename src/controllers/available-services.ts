// What a zone offers to others, kept on its ZoneIngresses: tag sets of its proxies, its external services and cross-mesh gateways (spec/multizone.md 4.2).
import { create } from "@bufbuild/protobuf";
import { isDeepStrictEqual } from "node:util";
import { Dataplane_Networking_Gateway_GatewayType as GatewayType, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { ExternalService, MeshGateway } from "#gen/kuma/mesh/v1alpha1/gateway_pb.js";
import { Mesh_MeshServices_Mode as ServicesMode, type Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { ZoneIngress_AvailableServiceSchema as AvailableServiceSchema, type ZoneIngress, type ZoneIngress_AvailableService as AvailableService } from "#gen/kuma/mesh/v1alpha1/zone_proxies_pb.js";
import { isHealthy } from "#mesh";
import type { Part } from "#platform";
import { tag, type Labels, type Place, type Resource } from "#resources";
import type { Store } from "#store";
import { react, type ControllerParts, type Decision } from "./reaction.ts";

export interface AvailableServiceOptions extends ControllerParts {
  readonly place: Place;
  /** `multizone.zone.ingressUpdateInterval`: changes are gathered for so long. */
  readonly gapMs: number;
  /** Beginnings of the tag names that other zones see; all when empty. */
  readonly tagFilters: readonly string[];
}

const watched: ReadonlySet<string> = new Set(["Mesh", "Dataplane", "ExternalService", "MeshGateway", "ZoneIngress"]);

/** Runs on the leader of a zone. Without an ingress of the zone nothing is looked at. */
export function keepAvailableServices(options: AvailableServiceOptions): Part {
  const { store, place } = options;
  return react({
    ...options,
    name: "available-services",
    subjectsOf: ({ key }) => (watched.has(key.type) ? [place.zone] : []),
    allSubjects: () => [place.zone],
    decide: (): Decision => {
      const ingresses = (store.list("ZoneIngress") as readonly Resource<ZoneIngress>[]).filter(({ spec: { zone } }) => zone === "" || zone === place.zone);
      if (ingresses.length === 0) return { writes: [], nextAt: Infinity };
      const availableServices = servicesOfZone(store, options);
      const stale = ingresses.filter((it) => !isDeepStrictEqual(it.spec.availableServices, availableServices));
      return {
        writes: stale.map((key) => ({ is: "update", key, change: (current) => current && { ...current, spec: { ...(current as Resource<ZoneIngress>).spec, availableServices } } })),
        nextAt: Infinity,
      };
    },
  });
}

function servicesOfZone(store: Store, { place, tagFilters }: AvailableServiceOptions): AvailableService[] {
  const meshes = (store.list("Mesh") as readonly Resource<Mesh>[]).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const plain = meshes.filter(({ spec: { meshServices } }) => meshServices?.mode !== ServicesMode.Exclusive);
  const filtered = (tags: Labels): Labels => (tagFilters.length === 0 ? tags : Object.fromEntries(Object.entries(tags).filter(([key]) => tagFilters.some((it) => key.startsWith(it)))));
  return [
    ...plain.flatMap(({ name: mesh }) => counted(mesh, inboundTags(store, mesh).map(filtered))),
    ...plain.filter(({ spec: { routing } }) => routing?.zoneEgress).flatMap(({ name: mesh }) => counted(mesh, externalTags(store, mesh, place), true)),
    ...meshes.flatMap(({ name: mesh }) => counted(mesh, crossMeshTags(store, mesh))),
  ];
}

const dataplanesOf = (store: Store, mesh: string) => store.list("Dataplane", { mesh }) as readonly Resource<Dataplane>[];

const inboundTags = (store: Store, mesh: string): readonly Labels[] => dataplanesOf(store, mesh).flatMap(({ spec: { networking } }) => networking?.inbound.filter(isHealthy).map((it) => it.tags) ?? []);

const externalTags = (store: Store, mesh: string, { zone }: Place): readonly Labels[] =>
  (store.list("ExternalService", { mesh }) as readonly Resource<ExternalService>[]).map((it) => it.spec.tags).filter((tags) => tags[tag.zone] === zone);

/** Each listener that other meshes may call, once for each proxy that serves it. */
function crossMeshTags(store: Store, mesh: string): readonly Labels[] {
  const gateways = store.list("MeshGateway", { mesh }) as readonly Resource<MeshGateway>[];
  if (gateways.length === 0) return [];
  const proxies = dataplanesOf(store, mesh).flatMap(({ spec: { networking } }) => (networking?.gateway?.type === GatewayType.BUILTIN ? [networking.gateway.tags] : []));
  return gateways.flatMap(({ spec: { selectors, tags, conf } }) => {
    const serving = proxies.filter((own) => selectors.some(({ match }) => Object.entries(match).every(([key, value]) => own[key] !== undefined && (value === "*" || own[key] === value))));
    const open = conf?.listeners.filter((it) => it.crossMesh) ?? [];
    return serving.flatMap((own) => open.map((listener) => ({ ...own, ...tags, ...listener.tags, [tag.mesh]: mesh })));
  });
}

/** One entry for each set of tags, in the order of their text. */
function counted(mesh: string, sets: readonly Labels[], externalService = false): AvailableService[] {
  return [...Map.groupBy(sets, textOf)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, equal]) => create(AvailableServiceSchema, { tags: { ...equal[0] }, instances: equal.length, mesh, externalService }));
}

const textOf = (tags: Labels): string => Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`).join(" ");
