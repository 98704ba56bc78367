// TLS versions and cipher names as Kuma's configuration writes them, turned into what node understands (spec/security.md 1.1).
import type { SecureVersion } from "node:tls";
import { badRequest } from "#resources";

const versions: Readonly<Record<string, SecureVersion>> = { TLSv1_2: "TLSv1.2", TLSv1_3: "TLSv1.3" };

/** Undefined for the empty text: the library's default. */
export function tlsVersion(name: string): SecureVersion | undefined {
  if (name === "") return undefined;
  const version = Object.hasOwn(versions, name) ? versions[name] : undefined;
  if (!version) throw badRequest(`unsupported tls version: ${name} supported versions:[TLSv1_2 TLSv1_3]`);
  return version;
}

// IANA name -> OpenSSL name. Undefined: a name Kuma accepts and OpenSSL no longer builds (RC4, 3DES); it selects nothing.
const insecure: Readonly<Record<string, string | undefined>> = {
  TLS_RSA_WITH_RC4_128_SHA: undefined,
  TLS_RSA_WITH_3DES_EDE_CBC_SHA: undefined,
  TLS_RSA_WITH_AES_128_CBC_SHA: "AES128-SHA",
  TLS_RSA_WITH_AES_256_CBC_SHA: "AES256-SHA",
  TLS_RSA_WITH_AES_128_CBC_SHA256: "AES128-SHA256",
  TLS_RSA_WITH_AES_128_GCM_SHA256: "AES128-GCM-SHA256",
  TLS_RSA_WITH_AES_256_GCM_SHA384: "AES256-GCM-SHA384",
  TLS_ECDHE_ECDSA_WITH_RC4_128_SHA: undefined,
  TLS_ECDHE_RSA_WITH_RC4_128_SHA: undefined,
  TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA: undefined,
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: "ECDHE-ECDSA-AES128-SHA256",
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: "ECDHE-RSA-AES128-SHA256",
};
const secure: Readonly<Record<string, string>> = {
  TLS_AES_128_GCM_SHA256: "TLS_AES_128_GCM_SHA256",
  TLS_AES_256_GCM_SHA384: "TLS_AES_256_GCM_SHA384",
  TLS_CHACHA20_POLY1305_SHA256: "TLS_CHACHA20_POLY1305_SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: "ECDHE-ECDSA-AES128-SHA",
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: "ECDHE-ECDSA-AES256-SHA",
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: "ECDHE-RSA-AES128-SHA",
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: "ECDHE-RSA-AES256-SHA",
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
};
const tls13 = Object.values(secure).filter((it) => it.startsWith("TLS_"));

// The library's own default still has CBC suites, which have been attacked again and again (Lucky 13), and rare ones that nobody needs.
const authenticated = Object.values(secure).filter((it) => it.startsWith("ECDHE-") && /GCM|CHACHA20/.test(it));

/** OpenSSL's cipher list; by default what encrypts and authenticates in one. TLS 1.3 suites stay on: Kuma's setting does not concern them. */
export function tlsCiphers(names: readonly string[]): string {
  if (names.length === 0) return [...tls13, ...authenticated].join(":");
  const chosen = names.map((name) => {
    if (Object.hasOwn(secure, name)) return secure[name];
    if (Object.hasOwn(insecure, name)) return insecure[name];
    throw badRequest(`unsupported tls cipher: ${name} supported ciphers insecure:[${Object.keys(insecure).join(" ")}], secure:[${Object.keys(secure).join(" ")}]`);
  });
  return [...new Set([...tls13, ...chosen.filter((it) => it !== undefined)])].join(":");
}

/** Throws a KumaError when one of certificate and key is set alone; `prefix` as Kuma prints it, usually empty. */
export function requireBothFiles(certFile: string, keyFile: string, prefix = ""): void {
  if (!certFile && keyFile) throw badRequest(`${prefix}.TlsCertFile cannot be empty if TlsKeyFile has been set`);
  if (certFile && !keyFile) throw badRequest(`${prefix}.TlsKeyFile cannot be empty if TlsCertFile has been set`);
}
