// The local authority of a work directory and its generations: the next one is announced long before it signs, the one before stays good to its end.
import { X509Certificate } from "node:crypto";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { Platform } from "#platform";
import { lifetimeOf } from "../certificates/key-pair.ts";
import { parseCertificates, parsePrivateKey } from "../certificates/pem.ts";
import { derToPem, issuerOf, signCertificate } from "../certificates/x509.ts";
import { readPrivate, writePrivate } from "./private-files.ts";
import { makeRoot, type CertificateAndKey } from "./root.ts";

const day = 86_400_000;
export const backdateMs = 5 * 60_000;
export const leafLifetimeMs = 90 * day;
const lifetimeMs = 10 * 365 * day;
/** Shares of the current authority's life. */
const [announceAt, promoteAt] = [0.7, 0.8];
/** The least time that clients have to hear of the next one. */
const announcedForMs = 30 * day;

export const authorityName = "Kuma Control Plane Local CA";

export interface LocalAuthority {
  /** What signs now. */
  readonly current: CertificateAndKey;
  /** The current one under the signature of the one before it, for clients that know only that; empty when there is none. */
  readonly bridgePem: string;
  /** All that clients should trust, the current one first: the next, announced ahead, and earlier ones to their end. */
  readonly anchorsPem: string;
}

export interface AuthorityFiles {
  /** Every anchor. Which of them signs is decided by the key beside it: putting another generation in place is one rename. */
  readonly cert: string;
  readonly key: string;
  /** Of the next generation. An empty file asks for one at once. */
  readonly nextKey: string;
  readonly bridge: string;
}

export const authorityFilesIn = (workDir: string): AuthorityFiles => ({
  cert: join(workDir, "kuma-ca.crt"), key: join(workDir, "kuma-ca.key"), nextKey: join(workDir, "kuma-ca.next.key"), bridge: join(workDir, "kuma-ca.bridge.crt"),
});

/** The authority as its files say, made when there is none, moved on when it is time. */
export async function keepLocalAuthority(files: AuthorityFiles, platform: Platform): Promise<LocalAuthority> {
  const now = platform.clock.now();
  const log = platform.log.child("certificates");
  let found = await read(files, now);
  if (!found) {
    found = { ...(await makeGeneration(authorityName, now)), next: undefined, isNextAsked: false, earlier: [] };
    await writePrivate(files.key, found.keyPem);
    await writeAnchors(files, found);
  }
  const step = nextStep(lifetimeOf(found.certificate), found.next ? lifetimeOf(found.next.certificate).notBefore : found.isNextAsked ? "asked" : undefined, now);
  if (step === "announce") {
    found = { ...found, next: await announce(files, found, now) };
    log.info("the next local authority is announced; it signs later, or as soon as its key takes the place of the current one", { next: files.nextKey, anchors: files.cert });
  }
  if (step === "promote" && found.next) {
    await rename(files.nextKey, files.key);
    log.info("the next local authority signs from now on", { anchors: files.cert });
    const { next } = found;
    found = { certificate: next.certificate, keyPem: next.keyPem, next: undefined, isNextAsked: false, earlier: [found.certificate, ...found.earlier] };
    await writeAnchors(files, found);
  }
  return { current: { certPem: found.certificate.toString(), keyPem: found.keyPem }, bridgePem: await bridgeFor(files, found.certificate, now), anchorsPem: anchorsOf(found) };
}

/** Pure. `next` is since when the next generation is announced, or that somebody asks for one. */
export function nextStep(current: { readonly notBefore: number; readonly notAfter: number }, next: number | "asked" | undefined, now: number): "nothing" | "announce" | "promote" {
  const age = (now - current.notBefore) / (current.notAfter - current.notBefore);
  if (next === undefined || next === "asked") return next === "asked" || age >= announceAt ? "announce" : "nothing";
  return age >= promoteAt && now - next >= announcedForMs ? "promote" : "nothing";
}

interface Generation {
  readonly certificate: X509Certificate;
  readonly keyPem: string;
}

interface Found extends Generation {
  readonly next: Generation | undefined;
  readonly isNextAsked: boolean;
  readonly earlier: readonly X509Certificate[];
}

/** Undefined when there is none that could sign two more leaves. */
async function read(files: AuthorityFiles, now: number): Promise<Found | undefined> {
  const [certPem, keyPem, nextKeyPem] = await Promise.all([readPrivate(files.cert), readPrivate(files.key), readPrivate(files.nextKey)]);
  const anchors = parsed(certPem);
  const certificate = ownerOf(anchors, keyPem);
  if (!certificate || !keyPem || now + 2 * leafLifetimeMs >= lifetimeOf(certificate).notAfter) return undefined;
  const next = ownerOf(anchors, nextKeyPem);
  const earlier = anchors.filter((it) => it !== certificate && it !== next && lifetimeOf(it).notAfter > now);
  return { certificate, keyPem, next: next && nextKeyPem ? { certificate: next, keyPem: nextKeyPem } : undefined, isNextAsked: nextKeyPem !== undefined && !next, earlier };
}

function parsed(pem: string | undefined): readonly X509Certificate[] {
  try {
    return pem ? parseCertificates(pem, "CA") : [];
  } catch {
    return []; // damaged: a new one takes its place
  }
}

function ownerOf(anchors: readonly X509Certificate[], keyPem: string | undefined): X509Certificate | undefined {
  try {
    const key = keyPem ? parsePrivateKey(keyPem, "CA key") : undefined;
    return key && anchors.find((it) => it.checkPrivateKey(key));
  } catch {
    return undefined;
  }
}

async function makeGeneration(commonName: string, now: number): Promise<Generation> {
  const { certPem, keyPem } = await makeRoot({ subject: { organization: "Kuma", commonName }, notBefore: now - backdateMs, notAfter: now + lifetimeMs });
  return { certificate: new X509Certificate(certPem), keyPem };
}

/** Everything is on the disk before the first client hears of it: whenever the key is moved, the bridge is there. */
async function announce(files: AuthorityFiles, found: Found, now: number): Promise<Generation> {
  // A name of its own: chains are put together by names.
  const next = await makeGeneration(`${authorityName} ${new Date(now).toISOString().slice(0, 10)}`, now);
  await writePrivate(files.bridge, await signBridge(next.certificate, found));
  await writePrivate(files.nextKey, next.keyPem);
  await writeAnchors(files, { ...found, next });
  return next;
}

async function signBridge(next: X509Certificate, current: Generation): Promise<string> {
  const { notBefore, notAfter } = lifetimeOf(next);
  const commonName = /CN=(.*)/.exec(next.subject)?.[1] ?? authorityName;
  const content = {
    subject: { organization: "Kuma", commonName }, publicKey: next.publicKey, isAuthority: true, keyUsage: ["keyCertSign", "cRLSign"] as const,
    notBefore, notAfter: Math.min(notAfter, lifetimeOf(current.certificate).notAfter),
  };
  return derToPem(await signCertificate(content, issuerOf(current.certificate, parsePrivateKey(current.keyPem, "CA key"))));
}

/** Of an earlier or a coming generation it is of no use. */
async function bridgeFor(files: AuthorityFiles, current: X509Certificate, now: number): Promise<string> {
  const bridge = parsed(await readPrivate(files.bridge)).find((it) => it.subject === current.subject && it.publicKey.equals(current.publicKey));
  return bridge && lifetimeOf(bridge).notAfter > now ? bridge.toString() : "";
}

const anchorsOf = ({ certificate, next, earlier }: Found): string => [certificate, ...(next ? [next.certificate] : []), ...earlier].map((it) => it.toString()).join("");

const writeAnchors = (files: AuthorityFiles, found: Found): Promise<void> => writePrivate(files.cert, anchorsOf(found));
