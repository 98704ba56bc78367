// The state of one health stream: pure, so that order and repetition can be tested without a socket.
import { toBinary } from "@bufbuild/protobuf";
import { HealthCheckSpecifierSchema, type HealthCheckSpecifier } from "#gen/envoy/service/health/v3/hds_pb.js";
import type { Results } from "./checks.ts";

export type Session =
  | { readonly is: "new" }
  | { readonly is: "admitting" }
  /** `sent` is what Envoy checks now. */
  | { readonly is: "open"; readonly sent: Uint8Array }
  | { readonly is: "closed" };

export type SessionEvent =
  | { readonly is: "hello"; readonly hasNode: boolean }
  | { readonly is: "report"; readonly results: Results }
  /** Admitted, or its Dataplane has changed. */
  | { readonly is: "wanted"; readonly checks: HealthCheckSpecifier }
  | { readonly is: "closed" };

export type Effect =
  | { readonly is: "admit" }
  | { readonly is: "send"; readonly bytes: Uint8Array }
  | { readonly is: "store"; readonly results: Results }
  | { readonly is: "refuse"; readonly reason: string };

export const newSession: Session = { is: "new" };

/** Reports before the stream is admitted count for nothing: nobody knows yet whose they are. */
export function nextSession(session: Session, event: SessionEvent): readonly [Session, readonly Effect[]] {
  if (session.is === "closed" || event.is === "closed") return [{ is: "closed" }, []];
  if (event.is === "hello") {
    if (session.is !== "new") return [session, []];
    if (!event.hasNode) return [session, [{ is: "refuse", reason: "the first request of a stream must name its node" }]];
    return [{ is: "admitting" }, [{ is: "admit" }]];
  }
  if (event.is === "report") return [session, session.is === "open" ? [{ is: "store", results: event.results }] : []];
  const bytes = toBinary(HealthCheckSpecifierSchema, event.checks);
  if (session.is === "open" && Buffer.compare(bytes, session.sent) === 0) return [session, []];
  return [{ is: "open", sent: bytes }, [{ is: "send", bytes }]];
}
