// Where a listener gets its pair from: fixed, or following two files; a broken replacement never displaces a good pair.
import { Counter, Gauge, type Registry } from "prom-client";
import { readFile } from "node:fs/promises";
import { badRequest } from "#resources";
import { followFiles, type Platform, reasonOf } from "#platform";
import { parseKeyPair, type KeyPair } from "./key-pair.ts";
import { requirePath } from "./pem.ts";
import type { RefusalCode } from "../refusals.ts";

export interface KeyPairSource {
  current(): KeyPair;
  /** Authorities that clients should trust, PEM, also those that sign later; absent where that is the operator's to tell. */
  anchors?(): string;
  /** Called after `current` has changed; the returned function ends it. */
  onChange(listener: () => void): () => void;
}

export const fixedKeyPair = (pair: KeyPair): KeyPairSource => ({ current: () => pair, onChange: () => () => {} });

/** A source whose pair is replaced by its owner. */
export interface ReplaceableKeyPair extends KeyPairSource {
  replace(pair: KeyPair): void;
}

export function replaceableKeyPair(first: KeyPair): ReplaceableKeyPair {
  let pair = first;
  const listeners = new Set<() => void>();
  return {
    current: () => pair,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    replace(next) {
      pair = next;
      for (const listener of listeners) listener();
    },
  };
}

export interface PairFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Label of the metrics, e.g. the endpoint's name; `general` when absent. */
  readonly channel?: string;
}

export interface FollowedKeyPair extends KeyPairSource {
  close(): void;
}

// A pair refused as "not yet valid" becomes good without any change on disk.
const retryMs = 60_000;

/** Reads the pair (a KumaError when it is not usable), then follows both files. */
export async function followKeyPair(files: PairFiles, platform: Platform): Promise<FollowedKeyPair> {
  const channel = files.channel ?? "general";
  const metrics = certificateMetrics(platform.metrics);
  const log = platform.log.child("certificates");
  const source = replaceableKeyPair(await readPair(files, platform.clock.now()));
  metrics.expiry.set({ channel }, source.current().notAfter / 1000);
  let lastReason = "";
  let cancelRetry = () => {};

  const reload = async (cause: "changed" | "retried") => {
    cancelRetry();
    try {
      const next = await readPair(files, platform.clock.now());
      lastReason = "";
      if (next.fingerprint === source.current().fingerprint && next.certPem === source.current().certPem) return;
      if (next.notAfter < source.current().notAfter) log.warn("the new certificate ends before the one it replaces", { channel, ...summary(next) });
      source.replace(next);
      metrics.expiry.set({ channel }, next.notAfter / 1000);
      log.info("certificate replaced", { channel, ...summary(next) });
    } catch (error) {
      const reason = reasonOf(error);
      if (cause === "changed" || reason !== lastReason) {
        metrics.failures.inc({ channel });
        log.error("the new certificate is not usable, the last good one stays", { refusal: "certificate-not-usable" satisfies RefusalCode, channel, certFile: files.certFile, keyFile: files.keyFile, reason });
      }
      lastReason = reason;
      cancelRetry = platform.clock.after(retryMs, () => void reload("retried"));
    }
  };
  const stop = followFiles([files.certFile, files.keyFile], platform.clock, () => void reload("changed"));
  return {
    current: () => source.current(),
    onChange: (listener) => source.onChange(listener),
    close() {
      stop();
      cancelRetry();
    },
  };
}

async function readPair(files: PairFiles, now: number): Promise<KeyPair> {
  requirePath(files.certFile, "the certificate file");
  requirePath(files.keyFile, "the key file");
  const [certPem, keyPem] = await Promise.all([read(files.certFile), read(files.keyFile)]);
  return parseKeyPair(certPem, keyPem, now, { certificate: `certificate file ${files.certFile}`, key: `key file ${files.keyFile}` });
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw badRequest(`could not read ${path}: ${reasonOf(error)}`);
  }
}

const summary = (pair: KeyPair) => ({ serial: pair.serial, dnsNames: pair.dnsNames, notAfter: new Date(pair.notAfter).toISOString() });

/** The metrics every source shares; the same ones for one registry. */
export function certificateMetrics(registry: Registry) {
  const failures = registry.getSingleMetric("kuma_certificate_reload_failures_total");
  const expiry = registry.getSingleMetric("kuma_certificate_expiry_seconds");
  return {
    failures:
      failures instanceof Counter ? failures
      : new Counter({ name: "kuma_certificate_reload_failures_total", help: "Replaced certificate files that could not be used", labelNames: ["channel"], registers: [registry] }),
    expiry:
      expiry instanceof Gauge ? expiry
      : new Gauge({ name: "kuma_certificate_expiry_seconds", help: "End of the served certificate, in seconds since the Unix epoch", labelNames: ["channel"], registers: [registry] }),
  };
}
