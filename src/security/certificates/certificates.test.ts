// Certificates as others see them: openssl and node agree on what we write.
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { derToPem, ipBytes, issuerOf, selfIssuer, signCertificate, certificateFields } from "./x509.ts";
import { makeEcKeys, makeKeys, privateKeyPem, type Keys } from "./keys.ts";
import { namesOf } from "./key-pair.ts";
import { integer, objectId, readDer, sequence, time } from "./der.ts";
import { temporaryFolder } from "../../../test/harness/temporary-folder.ts";

const openssl = ["/usr/bin/openssl", "/usr/local/bin/openssl"].find((it) => existsSync(it));
const day = 86_400_000;
const now = Date.now();

async function chainWith(rootKeys: Keys) {
  const subject = { organization: "Kuma", organizationalUnit: "Mesh", commonName: "default" };
  const self = selfIssuer(rootKeys.privateKey, subject);
  const root = await signCertificate(
    { subject, publicKey: rootKeys.publicKey, uris: ["spiffe://default"], isAuthority: true, keyUsage: ["keyCertSign", "cRLSign"], notBefore: now - 10_000, notAfter: now + 20_000 * day }, self);
  const leafKeys = makeEcKeys();
  const leaf = await signCertificate(
    {
      publicKey: leafKeys.publicKey, dnsNames: ["a.example"], ipAddresses: ["127.0.0.1", "fd00::1"], uris: ["spiffe://default/a", 'kuma://x/a,b"c'],
      keyUsage: ["digitalSignature", "keyEncipherment", "keyAgreement"], extendedKeyUsage: ["serverAuth", "clientAuth"], notBefore: now - 10_000, notAfter: now + day,
    },
    issuerOf(new X509Certificate(root), rootKeys.privateKey));
  return { root, leaf, leafKeys };
}

function verifyByOpenssl(root: Buffer, leaf: Buffer): string {
  const directory = temporaryFolder("x509");
  writeFileSync(join(directory, "root.pem"), derToPem(root));
  writeFileSync(join(directory, "leaf.pem"), derToPem(leaf));
  return execFileSync(openssl ?? "openssl", ["verify", "-x509_strict", "-CAfile", join(directory, "root.pem"), join(directory, "leaf.pem")], { encoding: "utf8", stdio: "pipe" });
}

const rootKinds: [string, () => Promise<Keys>][] = [
  ["EC P-256", () => makeKeys()],
  ["RSA 2048", () => makeKeys({ rsaBits: 2048 })],
  ["EC P-384", async () => generateKeyPairSync("ec", { namedCurve: "P-384" })],
  ["Ed25519", async () => generateKeyPairSync("ed25519")],
];

for (const [kind, makeRootKeys] of rootKinds) {
  test.skipIf(!openssl)(`openssl strictly accepts a chain under an ${kind} root`, async () => {
    const { root, leaf } = await chainWith(await makeRootKeys());
    expect(verifyByOpenssl(root, leaf)).toContain("OK");
  });
}

test.skipIf(!openssl)("openssl refuses a leaf whose bytes were changed", async () => {
  const { root, leaf } = await chainWith(makeEcKeys());
  const at = leaf.indexOf("a.example");
  leaf[at] = "b".charCodeAt(0);
  expect(() => verifyByOpenssl(root, leaf)).toThrow();
});

test.skipIf(!openssl)("openssl prints the usages and names that were asked for", async () => {
  const { leaf } = await chainWith(makeEcKeys());
  const text = execFileSync(openssl ?? "openssl", ["x509", "-noout", "-text"], { input: derToPem(leaf), encoding: "utf8" });
  expect(text).toMatch(/Key Usage: critical\s+Digital Signature, Key Encipherment, Key Agreement\n/);
  expect(text).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication, TLS Web Client Authentication/);
  expect(text).toMatch(/Subject Alternative Name: critical\s+DNS:a.example, IP Address:127.0.0.1, IP Address:FD00:0:0:0:0:0:0:1, URI:spiffe:\/\/default\/a/);
  expect(text).toMatch(/CA:FALSE/);
});

test("a root carries its name, its constraint, a positive 128-bit serial and an end after 2050", async () => {
  const { root } = await chainWith(makeEcKeys());
  const certificate = new X509Certificate(root);
  expect(certificate.subject).toBe("O=Kuma\nOU=Mesh\nCN=default");
  expect(certificate.ca).toBe(true);
  expect(certificate.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
  expect(certificate.validToDate.getUTCFullYear()).toBeGreaterThan(2050);
});

test("node reads quoted alternative names back as they were", async () => {
  const { leaf } = await chainWith(makeEcKeys());
  const names = namesOf(new X509Certificate(leaf));
  expect(names.uris).toEqual(["spiffe://default/a", 'kuma://x/a,b"c']);
  expect(names.ipAddresses).toHaveLength(2);
});

test("the key usage of a certificate can be read", async () => {
  const { root } = await chainWith(makeEcKeys());
  expect([...(certificateFields(new X509Certificate(root)).keyUsage ?? [])]).toEqual(["keyCertSign", "cRLSign"]);
});

test("a leaf's private key is SEC1, an RSA key PKCS#1", async () => {
  expect(privateKeyPem(makeEcKeys().privateKey)).toMatch(/^-----BEGIN EC PRIVATE KEY-----/);
  expect(privateKeyPem((await makeKeys({ rsaBits: 1024 })).privateKey)).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
});

test("IPv6 addresses in every notation become 16 bytes", () => {
  expect(ipBytes("::").toString("hex")).toBe("0".repeat(32));
  expect(ipBytes("::1").toString("hex")).toBe(`${"0".repeat(31)}1`);
  expect(ipBytes("::ffff:10.1.2.3").toString("hex")).toBe("00000000000000000000ffff0a010203");
  expect(ipBytes("fe80::a:b%eth0").toString("hex")).toBe("fe80000000000000000000000000000a000b".slice(0, 4) + "0".repeat(20) + "000a000b");
});

test("DER: integers keep their sign, times their century, lengths their form", () => {
  expect(integer(Buffer.from("00ff", "hex")).toString("hex")).toBe("020200ff");
  expect(time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString("latin1")).toBe("\x17\x0d491231235959Z");
  expect(time(Date.UTC(2050, 0, 1)).toString("latin1")).toBe("\x18\x0f20500101000000Z");
  expect(objectId("1.2.840.113549.1.1.11").toString("hex")).toBe("06092a864886f70d01010b");
  expect(readDer(sequence(Buffer.alloc(300)))[0]?.content).toHaveLength(300);
});

test("a cut-off DER value is refused", () => {
  expect(() => readDer(Buffer.from("3005020100", "hex"))).toThrow(RangeError);
});
