// The audit line of a workload certificate: for whom, by which authority, until when.
import type { AuditEvent } from "#security";
import type { Identity } from "#xds";

export function issueEvent(proxy: string, remote: string, { uris, serial, backend, expiresAt }: Identity): AuditEvent {
  return {
    outcome: "allowed", action: "issue certificate", user: { name: proxy, groups: [] }, by: "stream", remote,
    certificate: { uris: uris.filter((it) => it.startsWith("spiffe:")), serial, issuer: backend, notAfter: new Date(expiresAt).toISOString() },
  };
}
