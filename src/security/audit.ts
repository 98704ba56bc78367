// One line for each thing that was denied or done with an administrator's rights; never a secret.
import type { Log } from "#platform";
import { failureOf, KumaError } from "#resources";
import { userText, type User } from "./users.ts";

export interface AuditEvent {
  readonly outcome: "denied" | "allowed";
  /** What was asked, e.g. `PUT /global-secrets/a` or `issue dataplane token`. Without its query. */
  readonly action: string;
  readonly user: User;
  /** How the user was known: `localhost`, `token`, `client-certificate`, `nothing`. */
  readonly by: string;
  readonly remote?: string | undefined;
  /** A code of refusals.ts. */
  readonly refusal?: string;
  /** The id of the token that was used or issued: its revocation needs it. */
  readonly jti?: string | undefined;
  readonly reason?: string;
  /** What was issued. */
  readonly certificate?: { readonly uris: readonly string[]; readonly serial: string; readonly issuer: string; readonly notAfter: string };
}

export type Audit = (event: AuditEvent) => void;

export function createAudit(log: Log): Audit {
  const audit = log.child("audit");
  return (event) => {
    const fields = {
      action: event.action.split("?")[0], user: userText(event.user), by: event.by, remote: event.remote, refusal: event.refusal, jti: event.jti, reason: event.reason, ...event.certificate,
    };
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    return event.outcome === "denied" ? audit.warn("denied", given) : audit.info("allowed", given);
  };
}

/** What an audit line says of a refusal: code and reason. Nothing for an error that is none. */
export function refusalIn(error: unknown): Pick<AuditEvent, "refusal" | "reason"> {
  const refusal = error instanceof KumaError ? error.refusal : undefined;
  return refusal === undefined ? {} : { refusal, reason: failureOf(error)?.message ?? "" };
}

/** Tells of a proxy that was refused, and passes the error on. */
export const auditingProxy = (audit: Audit, action: string, proxy: string, remote: string) => (error: unknown): never => {
  const refused = refusalIn(error);
  if (refused.refusal !== undefined) audit({ outcome: "denied", action, user: { name: proxy, groups: [] }, by: "stream", remote, ...refused });
  throw error;
};
