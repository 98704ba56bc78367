// Why a call did not reach the control plane: first the words that scripts look for, then what helps.
import { reasonOf } from "#platform";

export function reasonOfConnection(error: unknown): string {
  const helpful = reasonOf(error);
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error) || !("code" in cause)) return helpful;
  const { code, syscall, address, port, hostname } = cause as NodeJS.ErrnoException & { readonly address?: string; readonly port?: number; readonly hostname?: string };
  switch (code) {
    case "ECONNREFUSED":
      return address === undefined ? helpful : `dial tcp ${address.includes(":") ? `[${address}]` : address}:${port}: connect: connection refused`;
    case "ENOTFOUND":
      return `dial tcp: ${syscall === "getaddrinfo" ? "lookup " : ""}${hostname ?? ""}: no such host`;
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
      return `tls: failed to verify certificate: x509: certificate signed by unknown authority: ${helpful}`;
    default:
      return helpful;
  }
}
