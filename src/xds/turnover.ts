// While a mesh changes its authority: who carries and accepts what, so that nobody shows a certificate that another proxy would refuse.
import { memoOn, type MeshView } from "#mesh";
import type { Clock } from "#platform";
import type { Resource } from "#resources";
import type { MeshService } from "#resources/kinds";
import type { MeshAuthority } from "#security";

/** Whom a proxy trusts; shared by all proxies with equal trust. */
export interface Trust {
  readonly certificates: ReadonlySet<string>;
}

/** What one proxy is known to use: acknowledged, not merely sent. */
export interface Carried {
  /** The view its clusters were made from: it says which names the proxy accepts from servers. */
  readonly view: MeshView | undefined;
  /** Undefined while it has not asked for any. */
  readonly trust: Trust | undefined;
  readonly authority: MeshAuthority | undefined;
}

export interface Member {
  /** What the proxy uses has changed. */
  changed(): void;
  leave(): void;
}

export interface Turnover {
  join(mesh: string, carried: () => Carried, onChange: () => void): Member;
  /** Every live proxy of the mesh accepts what `authority` signs. */
  isAccepted(mesh: string, authority: MeshAuthority): boolean;
  /** Every live proxy that may call the services accepts `spiffeId` from them. */
  isNamed(mesh: string, services: readonly string[], spiffeId: string): boolean;
  /** Authorities whose certificates are still shown, or were until a moment ago. */
  carried(mesh: string): readonly MeshAuthority[];
}

/** Those who wait look again this long after something changed: a thousand acknowledgements are a few looks. */
const lookMs = 50;
/** Handshakes that began with the old certificate still end. */
const graceMs = 2000;

interface MeshState {
  readonly members: Map<Member, { readonly carried: () => Carried; readonly onChange: () => void }>;
  readonly lastCarried: Map<MeshAuthority, number>;
  cancelLook: (() => void) | undefined;
  /** Somebody was told "not yet". */
  isWatched: boolean;
}

export function openTurnover(clock: Clock): Turnover {
  const meshes = new Map<string, MeshState>();
  const stateOf = (mesh: string): MeshState => {
    const state = meshes.get(mesh) ?? { members: new Map(), lastCarried: new Map(), cancelLook: undefined, isWatched: false };
    meshes.set(mesh, state);
    return state;
  };
  const look = (state: MeshState, delayMs: number) => {
    state.cancelLook ??= clock.after(delayMs, () => {
      state.cancelLook = undefined;
      state.isWatched = false;
      for (const { onChange } of state.members.values()) onChange();
    });
  };
  const every = (mesh: string, holds: (carried: Carried) => boolean): boolean => {
    const state = meshes.get(mesh);
    for (const { carried } of state?.members.values() ?? []) {
      if (holds(carried())) continue;
      if (state) state.isWatched = true;
      return false;
    }
    return true;
  };
  return {
    join(mesh, carried, onChange) {
      const state = stateOf(mesh);
      const member: Member = {
        changed() {
          const { authority } = carried();
          if (authority) state.lastCarried.set(authority, clock.now());
          if (state.isWatched) look(state, lookMs);
        },
        leave() {
          state.members.delete(member);
          if (state.members.size === 0) {
            state.cancelLook?.();
            meshes.delete(mesh);
          } else if (state.isWatched) look(state, lookMs);
        },
      };
      state.members.set(member, { carried, onChange });
      return member;
    },
    isAccepted: (mesh, authority) => every(mesh, ({ trust }) => trust === undefined || covers(trust, authority)),
    isNamed: (mesh, services, spiffeId) => every(mesh, ({ view }) => view === undefined || names(view, services, spiffeId)),
    carried(mesh) {
      const state = meshes.get(mesh);
      if (!state) return [];
      const now = clock.now();
      for (const { carried } of state.members.values()) {
        const { authority } = carried();
        if (authority) state.lastCarried.set(authority, now);
      }
      for (const [authority, at] of state.lastCarried) if (now - at > graceMs) state.lastCarried.delete(authority);
      const all = [...state.lastCarried.keys()];
      if (all.length > 1) {
        state.isWatched = true;
        look(state, graceMs);
      }
      return all;
    },
  };
}

/** The whole file of an authority is trusted, or not yet. */
function covers({ certificates }: Trust, authority: MeshAuthority): boolean {
  for (const certificate of certificatesOf(authority)) if (!certificates.has(certificate)) return false;
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
