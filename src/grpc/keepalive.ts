// Finds peers that have gone without a word. All connections whose turn it is are looked at together: a thousand of them wake the process as often as a few.
import type { Clock } from "#platform";

/** What is asked of a connection: `ServerHttp2Session` has it. */
export interface Pinged {
  readonly destroyed: boolean;
  /** False when the ping could not be sent. */
  ping(onAnswer: (error: Error | null) => void): boolean;
  /** The peer itself has asked. */
  on(event: "ping", heard: () => void): unknown;
  destroy(): void;
}

export interface Keepalive {
  /** A peer that says nothing for an interval is asked; one that has not answered an interval later is disconnected. Returns the function that ends it. */
  watch(session: Pinged): () => void;
}

/** An interval has so many turns; connections are dealt out evenly. */
const turns = 10;

export function keepalive(clock: Clock, intervalMs: number): Keepalive {
  const slots: readonly Map<Pinged, { isHeard: boolean; isAsked: boolean }>[] = Array.from({ length: turns }, () => new Map());
  let [at, next, count] = [0, 0, 0];
  let cancel = () => {};
  const turn = () => {
    cancel = clock.after(intervalMs / turns, turn);
    at = (at + 1) % turns;
    for (const [session, state] of slots[at] ?? []) {
      if (session.destroyed) continue;
      // Envoys ask by themselves every ten seconds: whoever asks is there.
      if (state.isHeard) [state.isHeard, state.isAsked] = [false, false];
      else if (state.isAsked) session.destroy();
      else state.isAsked = session.ping((error) => void (state.isHeard ||= error === null));
    }
  };
  return {
    watch(session) {
      const state = { isHeard: true, isAsked: false };
      session.on("ping", () => (state.isHeard = true));
      const slot = slots[next++ % turns];
      slot?.set(session, state);
      if (count++ === 0) cancel = clock.after(intervalMs / turns, turn);
      return () => {
        if (slot?.delete(session) && --count === 0) cancel();
      };
    },
  };
}
