// Authorities: what they sign is accepted by node and openssl, and the work directory's pair lives on.
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakePlatform } from "#platform/fake";
import { expect, test } from "vitest";
import { namesOf } from "../certificates/key-pair.ts";
import { privateKeyPem } from "../certificates/keys.ts";
import { derToPem, selfIssuer, signCertificate } from "../certificates/x509.ts";
import { checkProvidedAuthority, makeBuiltinRoot, openAuthority } from "./mesh-authority.ts";
import { openIssuer } from "./root.ts";
import { adminClientName, makeAdminAuthority, openSystemAuthority } from "./system-authority.ts";
import { openWorkDirPair, workDirOr } from "./work-dir.ts";
import { temporaryFolder } from "../../../test/harness/temporary-folder.ts";

const day = 86_400_000;
const now = Date.now();
const openssl = "/usr/bin/openssl";

async function intermediateUnder(root: { certPem: string; keyPem: string }, keyUsage: readonly ("keyCertSign" | "keyAgreement")[] = ["keyCertSign"]) {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = await signCertificate(
    { subject: { commonName: "signing" }, publicKey: keys.publicKey, isAuthority: true, keyUsage, notBefore: now - 1000, notAfter: now + day * 30 },
    openIssuer(root).issuer);
  return { certPem: derToPem(der) + root.certPem, keyPem: privateKeyPem(keys.privateKey) };
}

test.skipIf(!existsSync(openssl))("a leaf of a provided intermediate brings it along and verifies against the root alone", async () => {
  const root = await makeBuiltinRoot({ trustDomain: "default", expiryMs: 365 * day, now });
  const leaf = await openAuthority(await intermediateUnder(root)).issue({ uriSans: ["spiffe://default/a"], lifetimeMs: day, now });
  const directory = temporaryFolder("authority");
  writeFileSync(join(directory, "root.pem"), root.certPem);
  writeFileSync(join(directory, "leaf.pem"), leaf.certPem);
  const output = execFileSync(openssl, ["verify", "-x509_strict", "-CAfile", join(directory, "root.pem"), "-untrusted", join(directory, "leaf.pem"), join(directory, "leaf.pem")], { encoding: "utf8" });
  expect(output).toContain("OK");
  expect(leaf.certPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});

test("a builtin root is named after its mesh", async () => {
  const root = new X509Certificate((await makeBuiltinRoot({ trustDomain: "m1", expiryMs: day, now, rsaBits: 2048 })).certPem);
  expect(root.subject).toBe("O=Kuma\nOU=Mesh\nCN=m1");
  expect(namesOf(root).uris).toEqual(["spiffe://m1"]);
  expect(root.publicKey.asymmetricKeyType).toBe("rsa");
});

test("a workload certificate never outlives its authority, and an expired authority signs nothing", async () => {
  const authority = openAuthority(await makeBuiltinRoot({ trustDomain: "m1", expiryMs: day, now }));
  const leaf = await authority.issue({ uriSans: ["spiffe://m1/a"], lifetimeMs: 30 * day, now });
  expect(leaf.notAfter).toBeLessThanOrEqual(now + day);
  await expect(authority.issue({ uriSans: [], lifetimeMs: day, now: now + 2 * day })).rejects.toThrow(/expired on/);
});

test("a provided authority is refused with Kuma's texts", async () => {
  const root = await makeBuiltinRoot({ trustDomain: "m1", expiryMs: 60 * day, now });
  const leaf = await openAuthority(root).issue({ uriSans: ["spiffe://m1/a"], lifetimeMs: day, now });
  expect(checkProvidedAuthority(root.certPem, root.keyPem)).toEqual([]);
  expect(checkProvidedAuthority(leaf.certPem, leaf.keyPem).map((it) => `${it.field}: ${it.message}`)).toEqual([
    "cert[0]: basic constraint 'CA' must be set to 'true' (see X509-SVID: 4.1. Basic Constraints)",
    "cert[0]: key usage extension 'keyCertSign' must be set (see X509-SVID: 4.3. Key Usage)",
    "cert[0]: key usage extension 'keyAgreement' must NOT be set (see X509-SVID: 4.3. Key Usage)",
  ]);
  expect(checkProvidedAuthority(root.certPem, leaf.keyPem)[0]?.message).toMatch(/^not a valid TLS key pair: /);
});

test("the admin authority's client leaf carries the name that Envoy expects", async () => {
  const authority = openSystemAuthority(await makeAdminAuthority(now));
  const client = new X509Certificate((await authority.issueClient([adminClientName], { now, lifetimeMs: day })).certPem);
  const server = new X509Certificate((await authority.issueServer(["192.168.0.1"], { now, lifetimeMs: day })).certPem);
  expect(client.checkHost("kuma-cp")).toBe("kuma-cp");
  expect(server.checkIP("192.168.0.1")).toBe("192.168.0.1");
  expect(client.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
});

const hosts = () => ({ dnsNames: ["cp.local", "localhost"], ipAddresses: ["127.0.0.1", "::1"] });

function workDir() {
  const directory = join(temporaryFolder("work"), "kuma");
  return { directory, platform: fakePlatform(), cert: join(directory, "kuma-cp.crt"), key: join(directory, "kuma-cp.key") };
}

test("the work directory gets a leaf followed by its authority, private files, all names", async () => {
  const { directory, platform, cert } = workDir();
  const source = await openWorkDirPair({ workDir: directory, hosts }, platform);
  const [leaf, authority] = source.current().chain;
  expect(leaf?.ca).toBe(false);
  expect(leaf?.checkIssued(authority as X509Certificate)).toBe(true);
  expect(leaf?.publicKey.asymmetricKeyType).toBe("ec");
  expect(source.current().dnsNames).toEqual(["cp.local", "localhost"]);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(["kuma-cp.crt", "kuma-cp.key", "kuma-ca.crt", "kuma-ca.key"].map((it) => statSync(join(directory, it)).mode & 0o777)).toEqual([0o600, 0o600, 0o600, 0o600]);
  expect(readFileSync(cert, "utf8")).toBe(source.current().certPem);
  expect(platform.log.lines.join()).toContain("KUMA_GENERAL_TLS_CERT_FILE");
  source.close();
});

test("a restart keeps the pair; changed names renew the leaf under the same authority", async () => {
  const { directory, platform } = workDir();
  const first = (await openWorkDirPair({ workDir: directory, hosts }, platform)).current();
  const second = (await openWorkDirPair({ workDir: directory, hosts }, platform)).current();
  const third = (await openWorkDirPair({ workDir: directory, hosts: () => ({ ...hosts(), dnsNames: ["other"] }) }, platform)).current();
  expect(second.fingerprint).toBe(first.fingerprint);
  expect(third.fingerprint).not.toBe(first.fingerprint);
  expect(third.chain[1]?.fingerprint256).toBe(first.chain[1]?.fingerprint256);
});

test("the leaf is renewed with a fifth of its life left", async () => {
  const { directory, platform } = workDir();
  const source = await openWorkDirPair({ workDir: directory, hosts }, platform);
  const first = source.current();
  const renewed = new Promise<void>((resolve) => void source.onChange(resolve));
  platform.clock.advance(73 * day);
  await renewed;
  expect(source.current().notAfter).toBeGreaterThan(first.notAfter);
  source.close();
});

test("a self-signed pair of an older control plane is used while it is valid", async () => {
  const { directory, platform, cert, key } = workDir();
  mkdirSync(directory);
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const start = platform.clock.now();
  const der = await signCertificate(
    { publicKey: keys.publicKey, dnsNames: ["old"], isAuthority: true, keyUsage: ["digitalSignature", "keyEncipherment", "keyCertSign"], extendedKeyUsage: ["serverAuth"], notBefore: start, notAfter: start + day },
    selfIssuer(keys.privateKey, {}));
  writeFileSync(cert, derToPem(der));
  writeFileSync(key, privateKeyPem(keys.privateKey));
  const source = await openWorkDirPair({ workDir: directory, hosts }, platform);
  expect(source.current().dnsNames).toEqual(["old"]);
  source.close();
  platform.clock.advance(2 * day);
  expect((await openWorkDirPair({ workDir: directory, hosts }, platform)).current().dnsNames).toEqual(["cp.local", "localhost"]);
});

test("a directory that was there keeps its mode", async () => {
  const { directory, platform } = workDir();
  mkdirSync(directory, { mode: 0o755 });
  (await openWorkDirPair({ workDir: directory, hosts }, platform)).close();
  expect(statSync(directory).mode & 0o777).toBe(0o755);
});

test("an unusable work directory names the variable that chooses another", async () => {
  const file = join(temporaryFolder("work"), "file");
  writeFileSync(file, "");
  await expect(openWorkDirPair({ workDir: join(file, "kuma"), hosts }, fakePlatform())).rejects.toThrow(/KUMA_GENERAL_WORK_DIR/);
  expect(() => workDirOr("", undefined)).toThrow(/^failed to create a working directory inside \$HOME/);
});
