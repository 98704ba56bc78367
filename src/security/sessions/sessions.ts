// Live streams by the credential that opened them: whatever ends the credential ends the stream, at once.
import { followTimeJumps, type Clock } from "#platform";

export interface CredentialFacts {
  readonly kind: "dataplane" | "zone" | "user" | "certificate" | "service-account" | "none";
  readonly jti?: string;
  readonly kid?: string;
  /** Of the key that signed the token: a new key under the same id is another one. */
  readonly keyHash?: string;
  readonly mesh?: string;
  readonly user?: string;
  /** Seconds since the epoch. */
  readonly exp?: number;
  /** `<type>/<mesh>/<name>`. */
  readonly proxy?: string;
}

export interface Session {
  readonly facts: CredentialFacts;
  /** Called once, with a text fit for the peer. Must not throw. */
  close(reason: string): void;
}

export interface Sessions {
  /** Registers a session; the returned function forgets it. An already expired one is closed at once. */
  add(session: Session): () => void;
  /** Closes each session for which `check` gives a reason. To be called after any change of keys, revocations or rights. */
  revalidate(check: (facts: CredentialFacts) => string | undefined): void;
  /** What the live sessions were opened with. */
  facts(): readonly CredentialFacts[];
  readonly size: number;
  /** Ends the watch over the clock; the sessions stay. */
  stop(): void;
}

export function createSessions(clock: Clock): Sessions {
  const live = new Map<Session, () => void>();
  const end = (session: Session, reason: string) => {
    const cancel = live.get(session);
    if (!cancel) return;
    cancel();
    live.delete(session);
    session.close(reason);
  };
  const awaitEnd = (session: Session) => {
    const { exp } = session.facts;
    if (exp === undefined) return;
    live.get(session)?.();
    // The wall clock may have been set back while this waited.
    live.set(session, clock.after(exp * 1000 - clock.now(), () => (clock.now() >= exp * 1000 ? end(session, "token is expired") : awaitEnd(session))));
  };
  const unfollowJumps = followTimeJumps(clock, () => {
    for (const session of [...live.keys()]) awaitEnd(session);
  });
  return {
    stop: unfollowJumps,
    add(session) {
      live.set(session, () => {});
      awaitEnd(session);
      return () => {
        live.get(session)?.();
        live.delete(session);
      };
    },
    revalidate(check) {
      for (const session of [...live.keys()]) {
        const reason = check(session.facts);
        if (reason !== undefined) end(session, reason);
      }
    },
    facts: () => [...live.keys()].map((it) => it.facts),
    get size() {
      return live.size;
    },
  };
}
