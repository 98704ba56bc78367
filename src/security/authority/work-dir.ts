// The pair a control plane makes for itself when none is given: a renewed leaf under a stable local authority in the work directory.
import { randomUUID, type X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { dirname, join } from "node:path";
import { readIfExists, type Platform } from "#platform";
import { unavailable } from "#resources";
import { certificateMetrics, replaceableKeyPair, type FollowedKeyPair } from "../certificates/key-pair-source.ts";
import { lifetimeOf, parseKeyPair, type KeyPair } from "../certificates/key-pair.ts";
import { parseCertificates, parsePrivateKey } from "../certificates/pem.ts";
import { ipBytes } from "../certificates/x509.ts";
import { issueLeaf, makeRoot, openIssuer, type CertificateAndKey } from "./root.ts";

const day = 86_400_000;
const backdateMs = 5 * 60_000;
const authorityLifetimeMs = 10 * 365 * day;
const leafLifetimeMs = 90 * day;
const lookEveryMs = 3_600_000;

export interface Hosts {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

export interface WorkDirOptions {
  readonly workDir: string;
  /** Which names and addresses the certificate shall carry; this machine's when absent. */
  readonly hosts?: () => Hosts;
}

/** `general.workDir`, or `$HOME/.kuma`. */
export function workDirOr(configured: string, home: string | undefined): string {
  if (configured) return configured;
  if (home) return join(home, ".kuma");
  throw unavailable("failed to create a working directory inside $HOME: HOME is not set; choose a directory with KUMA_GENERAL_WORK_DIR");
}

/** The machine's name, `localhost` and the address of every interface, sorted as text. */
export function machineHosts(): Hosts {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((it) => it.address.split("%")[0] ?? ""));
  return { dnsNames: sorted([hostname(), "localhost"]), ipAddresses: sorted(addresses) };
}

/**
 * The pair of the work directory. It is renewed when a fifth of its life is left or the machine's names have changed; a valid
 * pair that somebody else put there (an older control plane's self-signed one) is used as it is until it expires.
 */
export async function openWorkDirPair(options: WorkDirOptions, platform: Platform): Promise<FollowedKeyPair> {
  const hosts = options.hosts ?? machineHosts;
  const files = filesIn(options.workDir);
  const log = platform.log.child("certificates");
  const expiry = certificateMetrics(platform.metrics).expiry;
  const next = async (): Promise<KeyPair> => {
    await makeDirectory(options.workDir);
    const now = platform.clock.now();
    const authority = await usableAuthority(files, now);
    const stored = await storedPair(files, now);
    if (stored && !shouldReplace(stored, authority, hosts(), now)) return stored;
    return issuePair(files, authority ?? (await newAuthority(files, now)), hosts(), platform);
  };
  const source = replaceableKeyPair(await next());
  expiry.set({ channel: "general" }, source.current().notAfter / 1000);
  let cancel = () => {};
  const look = async () => {
    try {
      const pair = await next();
      if (pair.fingerprint !== source.current().fingerprint) {
        source.replace(pair);
        expiry.set({ channel: "general" }, pair.notAfter / 1000);
      }
    } catch (error) {
      certificateMetrics(platform.metrics).failures.inc({ channel: "general" });
      log.error("could not renew the certificate of the work directory", { workDir: options.workDir, error });
    }
    if (!ended) cancel = platform.clock.after(lookEveryMs, () => void look());
  };
  let ended = false;
  cancel = platform.clock.after(lookEveryMs, () => void look());
  return {
    current: () => source.current(),
    onChange: (listener) => source.onChange(listener),
    close() {
      ended = true;
      cancel();
    },
  };
}

/** Pure: a pair of ours is replaced in time and when names changed; a foreign one never (it is only replaced when invalid). */
export function shouldReplace(pair: KeyPair, authority: CertificateAndKey | undefined, hosts: Hosts, now: number): boolean {
  const [leaf] = pair.chain;
  const [signer] = authority ? parseCertificates(authority.certPem, "CA") : [];
  if (!leaf || leaf.ca || !signer || !isSignedBy(leaf, signer)) return leaf?.ca === false && isOurOrphan(pair);
  if (now >= pair.notBefore + (pair.notAfter - pair.notBefore) * 0.8) return true;
  const addresses = (list: readonly string[]) => sorted(list.map((it) => ipBytes(it).toString("hex")));
  return !isSame(sorted(pair.dnsNames), sorted(hosts.dnsNames)) || !isSame(addresses(pair.ipAddresses), addresses(hosts.ipAddresses));
}

const authorityName = "Kuma Control Plane Local CA";
const isSignedBy = (leaf: X509Certificate, signer: X509Certificate) => leaf.checkIssued(signer) && leaf.verify(signer.publicKey);
// A leaf of a local authority whose files are gone or used up.
const isOurOrphan = (pair: KeyPair) => pair.chain[0]?.issuer.includes(`CN=${authorityName}`) === true;

interface Files {
  readonly cert: string;
  readonly key: string;
  readonly caCert: string;
  readonly caKey: string;
}

const filesIn = (workDir: string): Files => ({
  cert: join(workDir, "kuma-cp.crt"), key: join(workDir, "kuma-cp.key"), caCert: join(workDir, "kuma-ca.crt"), caKey: join(workDir, "kuma-ca.key"),
});

async function readPair(certFile: string, keyFile: string): Promise<CertificateAndKey | undefined> {
  const [cert, key] = await Promise.all([readIfExists(certFile), readIfExists(keyFile)]).catch((error: unknown) => {
    throw notWritable(certFile, error);
  });
  if (!cert?.length || !key?.length) return undefined;
  return { certPem: cert.toString("utf8"), keyPem: key.toString("utf8") };
}

async function storedPair(files: Files, now: number): Promise<KeyPair | undefined> {
  const text = await readPair(files.cert, files.key);
  if (!text) return undefined;
  try {
    return parseKeyPair(text.certPem, text.keyPem, now);
  } catch {
    return undefined; // expired or damaged: a new one replaces it
  }
}

// An authority that would end before two more leaves is no longer used.
async function usableAuthority(files: Files, now: number): Promise<CertificateAndKey | undefined> {
  const text = await readPair(files.caCert, files.caKey);
  if (!text) return undefined;
  try {
    const [signer] = parseCertificates(text.certPem, "CA");
    const isFine = signer?.checkPrivateKey(parsePrivateKey(text.keyPem, "CA key")) === true && now + 2 * leafLifetimeMs < lifetimeOf(signer).notAfter;
    return isFine ? text : undefined;
  } catch {
    return undefined;
  }
}

async function newAuthority(files: Files, now: number): Promise<CertificateAndKey> {
  const root = await makeRoot({ subject: { organization: "Kuma", commonName: authorityName }, notBefore: now - backdateMs, notAfter: now + authorityLifetimeMs });
  await writePrivate(files.caKey, root.keyPem);
  await writePrivate(files.caCert, root.certPem);
  return root;
}

async function issuePair(files: Files, authority: CertificateAndKey, hosts: Hosts, platform: Platform): Promise<KeyPair> {
  const now = platform.clock.now();
  const leaf = await issueLeaf(openIssuer(authority), { ...hosts, extendedKeyUsage: ["serverAuth"], now, lifetimeMs: leafLifetimeMs, backdateMs });
  const certPem = leaf.certPem + authority.certPem;
  await writePrivate(files.key, leaf.keyPem);
  await writePrivate(files.cert, certPem);
  platform.log.child("certificates").info(
    "TLS certificate autogenerated. It is accepted for the hosts below. Give your own by KUMA_GENERAL_TLS_CERT_FILE and KUMA_GENERAL_TLS_KEY_FILE",
    { hosts: [...hosts.dnsNames, ...hosts.ipAddresses], certFile: files.cert, caFile: files.caCert, notAfter: new Date(leaf.notAfter).toISOString() },
  );
  return parseKeyPair(certPem, leaf.keyPem, now);
}

async function makeDirectory(workDir: string): Promise<void> {
  try {
    await makeEach(workDir); // one that was there keeps its mode: it may be shared, as /tmp is
  } catch (error) {
    throw notWritable(workDir, error);
  }
}

// Node's own recursive mkdir never returns below a directory that cannot hold new ones (/proc), so the steps are ours.
async function makeEach(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path || existsSync(dirname(path))) throw error;
    await makeEach(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
}

// Written beside and renamed: a reader sees the old or the new file, never half of one.
async function writePrivate(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: "wx" });
    await rename(draft, path);
  } catch (error) {
    throw notWritable(path, error);
  }
}

const notWritable = (path: string, cause: unknown) =>
  unavailable(`could not use ${path} for the control plane's certificate: ${cause instanceof Error ? cause.message : String(cause)}; choose another directory with KUMA_GENERAL_WORK_DIR`, { cause });

const sorted = (list: readonly string[]): string[] => [...new Set(list)].sort();
const isSame = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((it, index) => it === b[index]);
