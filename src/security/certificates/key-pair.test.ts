// Pairs are refused with the one thing that is wrong; sources never lose a good pair.
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakePlatform } from "#platform/fake";
import { systemClock, type Platform } from "#platform";
import { expect, test, vi } from "vitest";
import { isNamed, parseKeyPair } from "./key-pair.ts";
import { followKeyPair } from "./key-pair-source.ts";
import { makeKeys, privateKeyPem } from "./keys.ts";
import { requirePath } from "./pem.ts";
import { derToPem, selfIssuer, signCertificate } from "./x509.ts";
import { temporaryFolder } from "../../../test/harness/temporary-folder.ts";

const day = 86_400_000;
const now = Date.now();

async function pairFor(options: { notBefore?: number; notAfter?: number; rsaBits?: number } = {}) {
  const keys = await makeKeys(options.rsaBits === undefined ? {} : { rsaBits: options.rsaBits });
  const subject = { commonName: "test" };
  const der = await signCertificate(
    { subject, publicKey: keys.publicKey, dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], keyUsage: ["digitalSignature"], notBefore: options.notBefore ?? now - 1000, notAfter: options.notAfter ?? now + day },
    selfIssuer(keys.privateKey, subject));
  return { certPem: derToPem(der), keyPem: privateKeyPem(keys.privateKey) };
}

test("a good pair tells its names and its lifetime", async () => {
  const { certPem, keyPem } = await pairFor();
  const pair = parseKeyPair(certPem, keyPem, now);
  expect(pair.dnsNames).toEqual(["localhost"]);
  expect(pair.ipAddresses).toEqual(["127.0.0.1"]);
  expect([isNamed(pair, "LOCALHOST"), isNamed(pair, "127.0.0.1"), isNamed(pair, "127.0.0.2"), isNamed(pair, "test")]).toEqual([true, true, false, false]);
});

test("a key of another certificate is a mismatch", async () => {
  const [one, two] = [await pairFor(), await pairFor()];
  expect(() => parseKeyPair(one.certPem, two.keyPem, now)).toThrow(/do not belong together/);
});

test("certificates out of time are named so", async () => {
  const { certPem, keyPem } = await pairFor();
  expect(() => parseKeyPair(certPem, keyPem, now + 2 * day)).toThrow(/expired on/);
  expect(() => parseKeyPair(certPem, keyPem, now - day)).toThrow(/not valid before/);
});

test("what was given instead of PEM is said, without repeating it", async () => {
  const { certPem, keyPem } = await pairFor();
  expect(() => parseKeyPair("/etc/cert.pem", keyPem, now)).toThrow(/looks like the path/);
  expect(() => parseKeyPair(keyPem, certPem, now)).toThrow(/exchanged/);
  expect(() => parseKeyPair("", keyPem, now)).toThrow(/is empty/);
  expect(() => parseKeyPair(certPem.slice(0, 200), keyPem, now)).toThrow(/not complete PEM/);
  expect(() => parseKeyPair("hello", keyPem, now)).toThrow(/not PEM/);
  expect(() => requirePath(keyPem, "--key-file")).toThrow(/^--key-file must be the path of a file, but PEM text was given$/);
});

async function followed() {
  const directory = temporaryFolder("pair");
  const files = { certFile: join(directory, "c.pem"), keyFile: join(directory, "k.pem") };
  const fake = fakePlatform();
  const platform: Platform = { ...fake, clock: systemClock };
  const write = (pair: { certPem?: string; keyPem?: string }) => {
    for (const [path, text] of [[files.certFile, pair.certPem], [files.keyFile, pair.keyPem]] as const) {
      if (text === undefined) continue;
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    }
  };
  const first = await pairFor();
  write(first);
  const source = await followKeyPair(files, platform);
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { source, write, first, log: fake.log, metrics: fake.metrics };
}

test("a replaced pair is announced", async () => {
  const { source, write } = await followed();
  const changed = vi.fn();
  source.onChange(changed);
  const next = await pairFor({ notAfter: now + 3 * day });
  write(next);
  await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1), 3000);
  expect(source.current().certPem).toBe(next.certPem);
  source.close();
});

test("a mismatched pair leaves the last good one, is logged and counted; the missing half repairs it", async () => {
  const { source, write, first, log, metrics } = await followed();
  const next = await pairFor({ notAfter: now + 3 * day });
  write({ certPem: next.certPem });
  await vi.waitFor(() => expect(log.lines.join("\n")).toContain("do not belong together"), 3000);
  expect(source.current().certPem).toBe(first.certPem);
  expect(await metrics.metrics()).toContain('kuma_certificate_reload_failures_total{channel="general"} 1');
  write({ keyPem: next.keyPem });
  await vi.waitFor(() => expect(source.current().certPem).toBe(next.certPem), 3000);
  source.close();
});

test("an expired pair leaves the last good one", async () => {
  const { source, write, first, log } = await followed();
  write(await pairFor({ notBefore: now - 2 * day, notAfter: now - day }));
  await vi.waitFor(() => expect(log.lines.join("\n")).toContain("expired on"), 3000);
  expect(source.current().certPem).toBe(first.certPem);
  source.close();
});

test("a pair that ends earlier is served, with a warning", async () => {
  const { source, write, log } = await followed();
  const next = await pairFor({ notAfter: now + day / 2 });
  write(next);
  await vi.waitFor(() => expect(source.current().certPem).toBe(next.certPem), 3000);
  expect(log.lines.join("\n")).toContain("ends before the one it replaces");
  source.close();
});

test("an unreadable first pair stops the start with the file's name", async () => {
  await expect(followKeyPair({ certFile: "/nowhere/c.pem", keyFile: "/nowhere/k.pem" }, fakePlatform())).rejects.toThrow(/could not read \/nowhere\/[ck]\.pem/);
});
