// The pair a control plane makes for itself when none is given: a renewed leaf under a stable local authority in the work directory.
import type { X509Certificate } from "node:crypto";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { followFiles, followTimeJumps, type Platform } from "#platform";
import { unavailable } from "#resources";
import { certificateMetrics, replaceableKeyPair, type FollowedKeyPair } from "../certificates/key-pair-source.ts";
import { authoritiesOf, parseKeyPair, type KeyPair } from "../certificates/key-pair.ts";
import { parseCertificates } from "../certificates/pem.ts";
import { ipBytes } from "../certificates/x509.ts";
import { authorityFilesIn, authorityName, backdateMs, keepLocalAuthority, leafLifetimeMs, type LocalAuthority } from "./local-authority.ts";
import { makeDirectory, readPrivate, writePrivate } from "./private-files.ts";
import { issueLeaf, openIssuer } from "./root.ts";

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
  let anchorsPem = "";
  const next = async (): Promise<KeyPair> => {
    await makeDirectory(options.workDir);
    const now = platform.clock.now();
    const stored = await storedPair(files, now);
    // Another control plane's self-signed pair has no local authority behind it, and gets none.
    if (stored && isForeign(stored)) {
      anchorsPem = authoritiesOf(stored);
      return stored;
    }
    const authority = await keepLocalAuthority(authorityFilesIn(options.workDir), platform);
    const pair = stored && !shouldReplace(stored, authority, hosts(), now) ? stored : await issuePair(files, authority, hosts(), platform);
    anchorsPem = authority.anchorsPem;
    return served(pair, authority, now);
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
  // The operator may announce the next authority, or put it in place, at any time.
  const { key, nextKey } = authorityFilesIn(options.workDir);
  const lookNow = () => {
    cancel();
    void look();
  };
  const stopFollowing = followFiles([key, nextKey], platform.clock, lookNow, { pollMs: lookEveryMs });
  // After a sleep the pair may be at its end, and the hour has only begun.
  const unfollowJumps = followTimeJumps(platform.clock, lookNow);
  return {
    current: () => source.current(),
    anchors: () => anchorsPem,
    onChange: (listener) => source.onChange(listener),
    close() {
      ended = true;
      stopFollowing();
      unfollowJumps();
      cancel();
    },
  };
}

/** Pure: a pair is replaced in time, when names changed, and when another authority signs or is announced. */
export function shouldReplace(pair: KeyPair, authority: LocalAuthority, hosts: Hosts, now: number): boolean {
  const [leaf, ...others] = pair.chain;
  const [signer] = parseCertificates(authority.current.certPem, "CA");
  if (!leaf || !signer || !isSignedBy(leaf, signer)) return true;
  if (now >= pair.notBefore + (pair.notAfter - pair.notBefore) * 0.8) return true;
  const shown = others.map((it) => it.fingerprint256);
  if (!isSame(shown, parseCertificates(authority.bridgePem + authority.anchorsPem, "CA").map((it) => it.fingerprint256))) return true;
  const addresses = (list: readonly string[]) => sorted(list.map((it) => ipBytes(it).toString("hex")));
  return !isSame(sorted(pair.dnsNames), sorted(hosts.dnsNames)) || !isSame(addresses(pair.ipAddresses), addresses(hosts.ipAddresses));
}

const isSignedBy = (leaf: X509Certificate, signer: X509Certificate) => leaf.checkIssued(signer) && leaf.verify(signer.publicKey);
// Not a leaf of a local authority, this one's or one whose files are gone.
const isForeign = ({ chain: [leaf] }: KeyPair) => `${leaf?.issuer}`.includes(`CN=${authorityName}`) !== true;

/**
 * What a handshake shows, of the file that clients trust: the leaf and its signer, under the signature that most clients know.
 * The new authority's own certificate would lead those astray that know only the one before.
 */
const served = ({ chain: [leaf], keyPem }: KeyPair, { bridgePem, current }: LocalAuthority, now: number): KeyPair =>
  parseKeyPair(`${leaf?.toString() ?? ""}${bridgePem || current.certPem}`, keyPem, now);

interface Files {
  readonly cert: string;
  readonly key: string;
}

const filesIn = (workDir: string): Files => ({ cert: join(workDir, "kuma-cp.crt"), key: join(workDir, "kuma-cp.key") });

async function storedPair(files: Files, now: number): Promise<KeyPair | undefined> {
  const [certPem, keyPem] = await Promise.all([readPrivate(files.cert), readPrivate(files.key)]);
  if (!certPem || !keyPem) return undefined;
  try {
    return parseKeyPair(certPem, keyPem, now);
  } catch {
    return undefined; // expired or damaged: a new one replaces it
  }
}

async function issuePair(files: Files, authority: LocalAuthority, hosts: Hosts, platform: Platform): Promise<KeyPair> {
  const now = platform.clock.now();
  const leaf = await issueLeaf(openIssuer(authority.current), { ...hosts, extendedKeyUsage: ["serverAuth"], now, lifetimeMs: leafLifetimeMs, backdateMs });
  const certPem = leaf.certPem + authority.bridgePem + authority.anchorsPem;
  await writePrivate(files.key, leaf.keyPem);
  await writePrivate(files.cert, certPem);
  platform.log.child("certificates").info(
    "TLS certificate autogenerated. It is accepted for the hosts below. Give your own by KUMA_GENERAL_TLS_CERT_FILE and KUMA_GENERAL_TLS_KEY_FILE",
    { hosts: [...hosts.dnsNames, ...hosts.ipAddresses], certFile: files.cert, notAfter: new Date(leaf.notAfter).toISOString() },
  );
  return parseKeyPair(certPem, leaf.keyPem, now);
}

const sorted = (list: readonly string[]): string[] => [...new Set(list)].sort();
const isSame = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((it, index) => it === b[index]);
