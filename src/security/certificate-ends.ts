// The ends of client certificates on live connections.
import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { followTimeJumps, type Clock, type Platform } from "#platform";
import { peerCertificate } from "./peer.ts";
import type { RefusalCode } from "./refusals.ts";

/** Connections do not outlive the client certificates that opened them, also when the clock jumps. */
export function endsOfCertificates(clock: Clock, log: Platform["log"]) {
  const watched = new Map<TLSSocket, { readonly shown: X509Certificate; cancel: () => void }>();
  const set = (socket: TLSSocket, shown: X509Certificate) => {
    watched.get(socket)?.cancel();
    const cancel = clock.after(shown.validToDate.getTime() - clock.now(), () => {
      log.info("ending a connection whose client certificate has expired", { refusal: "session-ended" satisfies RefusalCode, remote: socket.remoteAddress, subject: shown.subject });
      socket.destroy();
    });
    watched.set(socket, { shown, cancel });
  };
  const unfollowJumps = followTimeJumps(clock, () => watched.forEach(({ shown }, socket) => set(socket, shown)));
  return {
    watch(socket: TLSSocket) {
      const shown = peerCertificate(socket);
      if (shown) set(socket, shown);
    },
    forget(socket: TLSSocket) {
      watched.get(socket)?.cancel();
      watched.delete(socket);
    },
    close: unfollowJumps,
  };
}
