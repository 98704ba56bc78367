// The leaf of one proxy while its stream lives: ordered when it is wanted, made anew before its end, when its authority or names are others, and when time jumps.
import type { Sealer } from "#envoy";
import type { Platform } from "#platform";
import { issueIdentity, type Identity, type Issuer } from "./secrets.ts";

export interface WantedLeaf {
  /** Name of Envoy's secret. */
  readonly name: string;
  readonly uris: readonly string[];
  readonly issuer: Issuer;
  /** Not everybody accepts the issuer yet: a leaf of the one before serves until its time is over. */
  readonly mayWait: boolean;
}

export interface LeafParts {
  readonly platform: Platform;
  readonly sealer: Sealer;
  /** One's turn to take the thread for a new key and a signature: a fleet that needs them all at once keeps nobody else waiting. */
  readonly turn: () => Promise<void>;
  /** For the log. */
  readonly proxy: { readonly mesh: string; readonly name: string };
  /** A new leaf is there. */
  readonly onIssued: (identity: Identity) => void;
  /** It is time to ask again what is wanted. */
  readonly onDue: () => void;
}

const retryMs = 5000;
/** A leaf begins this long before it is made; time before that has jumped back. */
const backdateMs = 10_000;

export interface KeptLeaf {
  current(): Identity | undefined;
  isIssuing(): boolean;
  /** Orders what is missing or due; the present leaf stays until the new one is there. */
  want(wanted: WantedLeaf | undefined): void;
  end(): void;
}

/** Pure: whether a leaf has to be made now. */
export function mustIssue(current: Identity | undefined, wanted: WantedLeaf, now: number): boolean {
  if (!current) return true;
  if (now >= current.renewAt || now < current.issuedAt - backdateMs) return true;
  if (current.secret.name !== wanted.name || !sameTexts(current.uris, wanted.uris)) return true;
  return current.authority !== wanted.issuer.authority && !wanted.mayWait;
}

export function keepLeaf({ platform, sealer, turn, proxy, onIssued, onDue }: LeafParts): KeptLeaf {
  let current: Identity | undefined;
  let isIssuing = false;
  let hasEnded = false;
  let cancelWait = () => {};
  const waitUntil = (at: number) => {
    cancelWait();
    cancelWait = platform.clock.after(at - platform.clock.now(), () => {
      onDue();
      // A clock set back brings the hour too early: it has to come once more.
      if (!isIssuing && !hasEnded && current) waitUntil(Math.max(current.renewAt, platform.clock.now() + retryMs));
    });
  };
  const order = async (wanted: WantedLeaf) => {
    isIssuing = true;
    try {
      await turn();
      const identity = await issueIdentity({ name: wanted.name, uris: wanted.uris, ...wanted.issuer }, platform, sealer);
      isIssuing = false;
      if (hasEnded) return;
      current = identity;
      waitUntil(identity.renewAt);
      onIssued(identity);
    } catch (error) {
      isIssuing = false;
      if (hasEnded) return;
      platform.log.error("could not issue a certificate; trying again in 5 s", { proxy: proxy.name, mesh: proxy.mesh, error });
      waitUntil(platform.clock.now() + retryMs);
    }
  };
  return {
    current: () => current,
    isIssuing: () => isIssuing,
    want(wanted) {
      if (hasEnded) return;
      if (!wanted) {
        cancelWait();
        current = undefined;
        return;
      }
      if (!isIssuing && mustIssue(current, wanted, platform.clock.now())) void order(wanted);
    },
    end() {
      hasEnded = true;
      cancelWait();
    },
  };
}

export const sameTexts = (a: readonly string[], b: readonly string[]): boolean => a === b || (a.length === b.length && a.every((it, at) => it === b[at]));
