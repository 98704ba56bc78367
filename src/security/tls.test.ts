// Names of versions and ciphers, with the texts an operator sees.
import { expect, test } from "vitest";
import { requireBothFiles, tlsCiphers, tlsVersion } from "./tls.ts";

test("versions are the two of the configuration, or empty", () => {
  expect([tlsVersion(""), tlsVersion("TLSv1_2"), tlsVersion("TLSv1_3")]).toEqual([undefined, "TLSv1.2", "TLSv1.3"]);
  for (const name of ["TLSv1_1", "constructor"]) expect(() => tlsVersion(name)).toThrow(`unsupported tls version: ${name} supported versions:[TLSv1_2 TLSv1_3]`);
});

test("cipher names become OpenSSL's; an unknown one is refused with both lists", () => {
  expect(tlsCiphers([]).split(":").filter((it) => !/GCM|CHACHA20/.test(it))).toEqual([]);
  expect(tlsCiphers(["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]).split(":")).toContain("ECDHE-RSA-AES128-GCM-SHA256");
  expect(() => tlsCiphers(["X"])).toThrow(/^unsupported tls cipher: X supported ciphers insecure:\[TLS_RSA_WITH_RC4_128_SHA .*\], secure:\[TLS_AES_128_GCM_SHA256 /);
});

test("half a pair of files is refused with Kuma's texts", () => {
  expect(() => requireBothFiles("", "k")).toThrow(".TlsCertFile cannot be empty if TlsKeyFile has been set");
  expect(() => requireBothFiles("c", "")).toThrow(".TlsKeyFile cannot be empty if TlsCertFile has been set");
});
