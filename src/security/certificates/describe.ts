// Certificates in a few words, for people and metrics.
import { lifetimeOf } from "./key-pair.ts";
import { parseCertificates } from "./pem.ts";

export interface CertificateSummary {
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256, hexadecimal with colons. */
  readonly fingerprint: string;
  readonly serial: string;
  readonly names: string;
  readonly isAuthority: boolean;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/** Every certificate of a PEM text, in its order; other blocks are passed over. */
export function describeCertificates(pem: string): readonly CertificateSummary[] {
  return parseCertificates(pem, "certificate").map((it) => ({
    subject: oneLine(it.subject), issuer: oneLine(it.issuer), fingerprint: it.fingerprint256, serial: it.serialNumber, names: it.subjectAltName ?? "", isAuthority: it.ca, notAfter: lifetimeOf(it).notAfter,
  }));
}

const oneLine = (name: string | undefined): string => (name ?? "").split("\n").join(", ");
