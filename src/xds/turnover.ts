// While a mesh changes who signs and how proxies are named: who carries and accepts what, so that nobody shows a certificate that another proxy would refuse.
import { memoOn, type MeshView } from "#mesh";
import { inSlices, type Clock } from "#platform";
import type { Resource } from "#resources";
import type { MeshService } from "#resources/kinds";
import type { MeshAuthority } from "#security";
import { shownIds, type ShownIds } from "./shown-ids.ts";

/** Whom a proxy trusts; shared by all proxies with equal trust. */
export interface Trust {
  /** Certificates by the domain they are trusted for; the empty one stands for every domain. */
  readonly domains: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What one proxy is known to use: acknowledged, not merely sent. */
export interface Carried {
  /** The view its clusters were made from: it says which names the proxy accepts from servers. */
  readonly view: MeshView | undefined;
  /** Undefined while it has not asked for any. */
  readonly trust: Trust | undefined;
  readonly authority: MeshAuthority | undefined;
  /** The SPIFFE id of its MeshIdentity that it shows. */
  readonly spiffeId: string | undefined;
}

export interface Member {
  /** What the proxy uses has changed. */
  changed(): void;
  leave(): void;
}

export interface Turnover {
  join(mesh: string, dataplane: string, carried: () => Carried, onChange: () => void): Member;
  /** Every live proxy of the mesh accepts what `authority` signs for names of the trust domain. */
  isAccepted(mesh: string, authority: MeshAuthority, trustDomain: string): boolean;
  /** Every live proxy that may call the services accepts `spiffeId` from them. */
  isNamed(mesh: string, services: readonly string[], spiffeId: string): boolean;
  /** Authorities whose certificates are still shown, or were until a moment ago. */
  carried(mesh: string): readonly MeshAuthority[];
  readonly shown: ShownIds;
}

/** Those who wait look again this long after something changed: a thousand acknowledgements are a few looks. */
const lookMs = 50;
/** Handshakes that began with the old certificate still end. */
const graceMs = 2000;

interface MeshState {
  readonly members: Map<Member, { readonly carried: () => Carried; readonly onChange: () => void }>;
  /** How many proxies show certificates of it; `turn` counts the changes. */
  readonly authorities: Map<MeshAuthority, { count: number; turn: number }>;
  /** What the proxies use, each thing once: many use the same. Forgotten with every change. */
  used: { readonly trusts: ReadonlySet<Trust>; readonly views: ReadonlySet<MeshView> } | undefined;
  cancelLook: (() => void) | undefined;
  /** Ends a look that is under way: the next one begins with the first again. */
  cancelLooking: () => void;
  /** Somebody was told "not yet". */
  isWatched: boolean;
}

export function openTurnover(clock: Clock): Turnover {
  const meshes = new Map<string, MeshState>();
  const stateOf = (mesh: string): MeshState => {
    const state = meshes.get(mesh) ?? { members: new Map(), authorities: new Map(), used: undefined, cancelLook: undefined, cancelLooking: () => {}, isWatched: false };
    meshes.set(mesh, state);
    return state;
  };
  const ids = shownIds(clock);
  const look = (state: MeshState, delayMs: number) => {
    state.cancelLook ??= clock.after(delayMs, () => {
      state.cancelLook = undefined;
      state.isWatched = false;
      state.cancelLooking();
      state.cancelLooking = inSlices([...state.members], ([member, { onChange }]) => (state.members.has(member) ? onChange() : undefined), { clock });
    });
  };
  const count = (state: MeshState, authority: MeshAuthority | undefined, by: 1 | -1) => {
    if (!authority) return;
    const entry = state.authorities.get(authority) ?? { count: 0, turn: 0 };
    entry.count += by;
    const turn = ++entry.turn;
    state.authorities.set(authority, entry);
    if (entry.count === 0) clock.after(graceMs, () => forget(state, authority, turn));
  };
  const forget = (state: MeshState, authority: MeshAuthority, turn: number) => {
    if (state.authorities.get(authority)?.turn !== turn) return;
    state.authorities.delete(authority);
    look(state, 0);
  };
  const used = (state: MeshState) => {
    const all = state.used ? [] : [...state.members.values()].map(({ carried }) => carried());
    state.used ??= { trusts: new Set(all.flatMap((it) => it.trust ?? [])), views: new Set(all.flatMap((it) => it.view ?? [])) };
    return state.used;
  };
  const holds = (mesh: string, question: (its: NonNullable<MeshState["used"]>) => boolean): boolean => {
    const state = meshes.get(mesh);
    if (!state || question(used(state))) return true;
    state.isWatched = true;
    return false;
  };
  return {
    join(mesh, dataplane, carried, onChange) {
      const state = stateOf(mesh);
      let shown: MeshAuthority | undefined;
      const shows = ids.enter(mesh, dataplane);
      const settle = ({ authority, spiffeId }: Pick<Carried, "authority" | "spiffeId">) => {
        state.used = undefined;
        shows.now(spiffeId);
        if (authority !== shown) {
          count(state, authority, 1);
          count(state, shown, -1);
          shown = authority;
        }
        if (state.isWatched) look(state, lookMs);
      };
      const member: Member = {
        changed: () => settle(carried()),
        leave() {
          state.members.delete(member);
          shows.leave();
          settle({ authority: undefined, spiffeId: undefined });
          if (state.members.size > 0) return;
          state.cancelLook?.();
          state.cancelLooking();
          meshes.delete(mesh);
        },
      };
      state.members.set(member, { carried, onChange });
      member.changed();
      return member;
    },
    isAccepted: (mesh, authority, trustDomain) => holds(mesh, ({ trusts }) => [...trusts].every((it) => covers(it, authority, trustDomain))),
    isNamed: (mesh, services, spiffeId) => holds(mesh, ({ views }) => [...views].every((it) => names(it, services, spiffeId))),
    carried: (mesh) => [...(meshes.get(mesh)?.authorities.keys() ?? [])],
    shown: ids,
  };
}

/** The whole file of an authority is trusted, or not yet. */
function covers({ domains }: Trust, authority: MeshAuthority, trustDomain: string): boolean {
  const certificates = domains.get(trustDomain) ?? domains.get("");
  for (const certificate of certificatesOf(authority)) if (!certificates?.has(certificate)) return false;
  return true;
}

const certificatesOf = memoOn((authority: MeshAuthority) => certificatesIn(authority.caPem));

/** Bodies of the certificates of a PEM text, without line ends: others may have written them. */
export const certificatesIn = (pem: string): ReadonlySet<string> =>
  new Set([...pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g)].map(([, body = ""]) => body.replace(/\s/g, "")));

/** What MeshServices with one of the services say of their names. */
const namesByService = memoOn((services: readonly Resource[]) => {
  const byService = new Map<string, ReadonlySet<string>[]>();
  for (const { spec } of services as readonly MeshService[]) {
    const ids = new Set(spec.identities?.filter((it) => it.type === "SpiffeID").map((it) => it.value));
    for (const { type, value } of spec.identities ?? []) if (type === "ServiceTag") byService.set(value, [...(byService.get(value) ?? []), ids]);
  }
  return byService;
});

function names(view: MeshView, services: readonly string[], spiffeId: string): boolean {
  const byService = namesByService(view.list("MeshService"));
  return services.every((service) => (byService.get(service) ?? []).every((ids) => ids.has(spiffeId)));
}
