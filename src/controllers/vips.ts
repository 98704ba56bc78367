// Virtual addresses of MeshServices, MeshExternalServices and MeshMultiZoneServices (spec/multizone.md 4.9).
import type { Part } from "#platform";
import type { Resource } from "#resources";
import type { Change } from "#store";
import { addressPool, type AddressPool } from "./address-pool.ts";
import { react, type ControllerParts, type Decision, type Write } from "./reaction.ts";

export interface VipOptions extends ControllerParts {
  /** `ipam.*.cidr`. */
  readonly cidrs: { readonly meshService: string; readonly meshExternalService: string; readonly meshMultiZoneService: string };
}

interface Statuses {
  readonly vips?: readonly { readonly ip?: string | undefined }[] | undefined;
  readonly vip?: { readonly ip?: string | undefined } | undefined;
}

/** Throws a RangeError for a CIDR that is none. Runs on the leader of a zone. */
export function allocateVips(options: VipOptions): Part {
  const { store, cidrs } = options;
  const pools = new Map([
    ["MeshService", addressPool(cidrs.meshService)],
    ["MeshExternalService", addressPool(cidrs.meshExternalService)],
    ["MeshMultiZoneService", addressPool(cidrs.meshMultiZoneService)],
  ]);
  return react({
    ...options,
    name: "vips",
    gapMs: 50,
    allSubjects: () => pools.keys(),
    subjectsOf: ({ key, current }: Change) => (pools.has(key.type) && !(current && vipOf(current)) ? [key.type] : []),
    decide(type) {
      const pool = pools.get(type);
      return pool ? decideVips(store.list(type), pool) : { writes: [], nextAt: Infinity };
    },
  });
}

const vipOf = ({ type, status }: Resource): string | undefined => {
  const { vips, vip } = (status ?? {}) as Statuses;
  return (type === "MeshExternalService" ? vip?.ip : vips?.[0]?.ip) || undefined;
};

const inOrder = (a: Resource, b: Resource): number => a.creationTime - b.creationTime || compare(a.mesh, b.mesh) || compare(a.name, b.name);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The oldest first. An address outside the CIDR stays: proxies use it already. */
export function decideVips(services: readonly Resource[], pool: AddressPool): Decision {
  const used = new Set(services.flatMap((it) => vipOf(it) ?? []));
  const writes: Write[] = [];
  for (const service of services.filter((it) => !vipOf(it)).toSorted(inOrder)) {
    const ip = pool.next(used);
    // Full: the next deletion is another change, and then another try.
    if (ip === undefined) break;
    used.add(ip);
    const change = (current: Resource | undefined) => (current && !vipOf(current) ? { ...current, status: { ...(current.status as object | undefined), ...asStatus(current.type, ip) } } : undefined);
    writes.push({ is: "update", key: service, change });
  }
  return { writes, nextAt: Infinity };
}

const asStatus = (type: string, ip: string): Statuses => (type === "MeshExternalService" ? { vip: { ip } } : { vips: [{ ip }] });
