// One sentence for each way a connection fails, naming what was offered and what was expected.
import type { X509Certificate } from "node:crypto";
import { failureOf, unavailable, type KumaError } from "#resources";
import { namesOf } from "./certificates/key-pair.ts";
import { parseCertificates } from "./certificates/pem.ts";
import type { RefusalCode } from "./refusals.ts";

/** By what the server was to be verified. */
export interface Trusted {
  /** PEM; the system's trust store when absent. */
  readonly caPem?: string | undefined;
  /** The option by which the user gives it, e.g. `--ca-cert-file`. */
  readonly caOption?: string | undefined;
}

/** `offered` is the server's certificate when the handshake got that far. */
export function explainConnectError(error: Error, host: string, offered: X509Certificate | undefined, trusted: Trusted = {}): KumaError {
  if (failureOf(error)) return error as KumaError;
  const code = codeOf(error);
  return unavailable(sentence(code, error, host, offered, trusted), { cause: error, ...(unverified.has(code) ? { code: "server-not-verified" satisfies RefusalCode } : {}) });
}

const unverified: ReadonlySet<string> = new Set([
  "ERR_TLS_CERT_ALTNAME_INVALID", "SELF_SIGNED_CERT_IN_CHAIN", "DEPTH_ZERO_SELF_SIGNED_CERT", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UNABLE_TO_GET_ISSUER_CERT", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_SIGNATURE_FAILURE", "INVALID_CA", "CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID",
]);

function sentence(code: string, error: Error, host: string, offered: X509Certificate | undefined, trusted: Trusted): string {
  const what = offered ? describe(offered) : "its certificate";
  switch (code) {
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `${host} offered ${what}, which is not made for that name: ask for one of its names, or add the name to the certificate`;
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "CERT_SIGNATURE_FAILURE":
    case "INVALID_CA":
      return `${host} offered ${what}${fingerprintOf(offered)}, which no trusted authority has signed (${anchorsOf(trusted)}): give its CA certificate${trusted.caOption ? ` by ${trusted.caOption}` : ""} (${code})`;
    case "CERT_HAS_EXPIRED":
      return `${host} offered ${what}, which expired on ${offered?.validToDate.toISOString() ?? "an earlier day"}`;
    case "CERT_NOT_YET_VALID":
      return `${host} offered ${what}, which is not valid before ${offered?.validFromDate.toISOString() ?? "a later day"}: is the clock of this machine right?`;
    case "ECONNREFUSED":
      return `nothing listens at ${host}`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name of ${host} could not be resolved`;
    case "ENOENT":
      return `there is no such socket file for ${host}`;
    default:
      return byText(`${code} ${error.message}`, error, host);
  }
}

function byText(text: string, error: Error, host: string): string {
  if (/wrong.version.number|packet.length.too.long/i.test(text)) return `${host} does not speak TLS on that port, but https was asked for`;
  if (/unsupported.protocol|alert.protocol.version/i.test(text)) return `${host} and this client have no TLS version in common (1.2 at least)`;
  if (/handshake.failure|no.shared.cipher/i.test(text)) return `${host} and this client have no TLS cipher in common`;
  if (/certificate.required|alert.bad.certificate|alert.unknown.ca/i.test(text)) return `${host} refused this client's certificate, or misses one`;
  return `could not talk to ${host}: ${error.message}`;
}

function describe(certificate: X509Certificate): string {
  const { dnsNames, ipAddresses } = namesOf(certificate);
  const names = [...dnsNames, ...ipAddresses];
  return `a certificate for ${names.length > 0 ? names.join(", ") : "no name at all"}`;
}

const fingerprintOf = (certificate: X509Certificate | undefined): string => (certificate ? ` (SHA-256 ${certificate.fingerprint256}, issued by ${oneLine(certificate.issuer)})` : "");
const oneLine = (name: string | undefined): string => (name ? name.replaceAll("\n", ", ") : "a nameless authority");

/** The first few of what was trusted, for comparing with what was offered. */
function anchorsOf({ caPem }: Trusted): string {
  if (!caPem) return "trusted is what this system trusts";
  const anchors = parseCertificates(caPem, "CA");
  const shown = anchors.slice(0, 3).map((it) => `${oneLine(it.subject)} with SHA-256 ${it.fingerprint256}`);
  return `trusted: ${shown.join("; ")}${anchors.length > shown.length ? ` and ${anchors.length - shown.length} more` : ""}`;
}

const codeOf = (error: Error): string => ("code" in error && typeof error.code === "string" ? error.code : "");
