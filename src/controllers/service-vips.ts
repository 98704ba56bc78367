// Virtual addresses of the older model: one per value of the service tag, kept in the Config that mesh/plan/vips.ts reads (spec/dataplane.md 10).
import { create } from "@bufbuild/protobuf";
import { Dataplane_Networking_Inbound_State as InboundState, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { ZoneIngress } from "#gen/kuma/mesh/v1alpha1/zone_proxies_pb.js";
import { ConfigSchema, type Config } from "#gen/kuma/system/v1alpha1/system_pb.js";
import { reservedPort, vipConfigName } from "#mesh";
import type { Part } from "#platform";
import { isObject, tag, type Place, type Resource, type ResourceKey } from "#resources";
import type { Change } from "#store";
import { addressPool, type AddressPool } from "./address-pool.ts";
import { byMesh, react, type ControllerParts, type Decision } from "./reaction.ts";

export interface ServiceVipOptions extends ControllerParts {
  readonly place: Place;
  /** `dnsServer.CIDR`. */
  readonly cidr: string;
}

/** Throws a RangeError for a CIDR that is none. Runs on the leader of a zone with `dnsServer.serviceVipEnabled`. */
export function allocateServiceVips(options: ServiceVipOptions): Part {
  const { store, place, cidr } = options;
  const pool = addressPool(cidr);
  const configOf = (mesh: string): ResourceKey => ({ type: "Config", mesh: "", name: vipConfigName(mesh) });
  /** The services that each mesh had when it was decided on last: they have their addresses. */
  const addressed = new Map<string, ReadonlySet<string>>();
  const isNews = ({ key, previous, current }: Change) =>
    key.type !== "Dataplane" || differs(previous as Resource<Dataplane> | undefined, current as Resource<Dataplane> | undefined, addressed.get(key.mesh) ?? new Set());
  const { allSubjects, subjectsOf } = byMesh(store, ["Dataplane"], ["ZoneIngress"], isNews);
  return react({
    ...options,
    name: "service-vips",
    gapMs: 100,
    subjectsOf,
    // Meshes that went while nobody looked have left their Config behind.
    allSubjects: () => new Set([...allSubjects(), ...store.list("Config").flatMap((it) => /^kuma-(.+)-dns-vips$/.exec(it.name)?.[1] ?? [])]),
    decide(mesh) {
      const config = store.get(configOf(mesh)) as Resource<Config> | undefined;
      if (!store.get({ type: "Mesh", mesh: "", name: mesh })) {
        addressed.delete(mesh);
        return { writes: config ? [{ is: "remove", key: config }] : [], nextAt: Infinity };
      }
      const ingresses = (store.list("ZoneIngress") as readonly Resource<ZoneIngress>[]).filter((it) => it.spec.zone !== "" && it.spec.zone !== place.zone);
      const services = servicesOfMesh(mesh, store.list("Dataplane", { mesh }) as readonly Resource<Dataplane>[], ingresses);
      addressed.set(mesh, services);
      return decideServiceVips(configOf(mesh), services, config?.spec.config, pool);
    },
  });
}

function* servedBy({ spec }: Resource<Dataplane>): Iterable<string> {
  for (const { port, state, tags } of spec.networking?.inbound ?? []) {
    const service = tags[tag.service];
    if (service !== undefined && port !== reservedPort && state !== InboundState.Ignored) yield service;
  }
}

/** One more proxy of a known service changes nothing; one that stops serving may have been its last. */
function differs(previous: Resource<Dataplane> | undefined, current: Resource<Dataplane> | undefined, known: ReadonlySet<string>): boolean {
  const after = new Set(current ? servedBy(current) : []);
  if (previous) for (const service of servedBy(previous)) if (!after.has(service)) return true;
  return [...after].some((it) => !known.has(it));
}

function servicesOfMesh(mesh: string, dataplanes: readonly Resource<Dataplane>[], ingresses: readonly Resource<ZoneIngress>[]): ReadonlySet<string> {
  const services = new Set(dataplanes.flatMap((it) => [...servedBy(it)]));
  for (const { spec } of ingresses) {
    for (const { mesh: its, tags } of spec.availableServices) if (its === mesh && tags[tag.service] !== undefined) services.add(tags[tag.service] ?? "");
  }
  return new Set([...services].toSorted());
}

const servicePrefix = "0:";

/** `stored` is the text of the Config. Entries of other sorts (host names, virtual outbounds) are kept as they are. */
export function decideServiceVips(key: ResourceKey, services: ReadonlySet<string>, stored: string | undefined, pool: AddressPool): Decision {
  const entries = parseEntries(stored);
  const kept = new Map([...entries].filter(([name]) => !name.startsWith(servicePrefix) || services.has(name.slice(servicePrefix.length))));
  const used = new Set([...kept.values()].flatMap((it) => addressOf(it) ?? []));
  for (const service of services) {
    const present = addressOf(kept.get(`${servicePrefix}${service}`));
    if (present !== undefined) continue;
    const address = pool.lowest(used);
    if (address === undefined) break;
    used.add(address);
    kept.set(`${servicePrefix}${service}`, { address, outbounds: [{ Port: 0, TagSet: { [tag.service]: service }, Origin: "service" }] });
  }
  const text = JSON.stringify(Object.fromEntries([...kept].toSorted(([a], [b]) => (a < b ? -1 : 1))));
  if (text === (stored ?? "{}")) return { writes: [], nextAt: Infinity };
  return { writes: [{ is: "update", key, change: (current) => ({ labels: {}, ...current, ...key, spec: create(ConfigSchema, { config: text }) }) }], nextAt: Infinity };
}

const addressOf = (entry: unknown): string | undefined => (typeof entry === "string" ? entry : isObject(entry) && typeof entry["address"] === "string" ? entry["address"] : undefined);

/** What cannot be read counts as nothing: addresses are then given anew. */
function parseEntries(text: string | undefined): ReadonlyMap<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text || "{}");
    return new Map(isObject(parsed) ? Object.entries(parsed) : []);
  } catch {
    return new Map();
  }
}
