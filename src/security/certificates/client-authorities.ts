// Authorities whose client certificates a listener accepts: a bundle, a directory of certificates, or both; followed while they change.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { badRequest } from "#resources";
import { followFiles, type Log, type Platform, reasonOf } from "#platform";
import { certificateMetrics } from "./key-pair-source.ts";
import { lifetimeOf } from "./key-pair.ts";
import type { RefusalCode } from "../refusals.ts";
import { parseCertificates, requirePath } from "./pem.ts";

export interface ClientAuthorities {
  /** PEM, one text per file. */
  current(): readonly string[];
  onChange(listener: () => void): () => void;
  close(): void;
}

export interface ClientAuthorityFiles {
  /** A bundle; empty for none. */
  readonly caFile: string;
  /** Every `.pem` and `.crt` in it counts; empty for none. */
  readonly directory: string;
  /** Label of the metrics. */
  readonly channel: string;
}

/** Reads everything (a KumaError names the file that is not usable), then follows it; what cannot be used later leaves the last good set. */
export async function followClientAuthorities(files: ClientAuthorityFiles, platform: Platform): Promise<ClientAuthorities> {
  const { channel, directory } = files;
  const log = platform.log.child("certificates");
  const metrics = certificateMetrics(platform.metrics);
  const listeners = new Set<() => void>();
  let stop = () => {};
  let hasEnded = false;
  // The listing is followed before it is read: what changes meanwhile is read again.
  const read = async () => {
    const paths = await pathsOf(files, log);
    stop();
    if (!hasEnded) stop = followFiles([...paths, ...(directory ? [`${directory}/.`] : [])], platform.clock, changed);
    const texts = await Promise.all(paths.map(readBundle));
    const ends = texts.flatMap((text) => parseCertificates(text, "the CA")).map((it) => lifetimeOf(it).notAfter);
    if (ends.length > 0) metrics.expiry.set({ channel }, Math.min(...ends) / 1000);
    return texts;
  };
  let current: readonly string[] | undefined;
  let isOutdated = false;
  const reload = async () => {
    try {
      const next = await read();
      if (next.join("") === current?.join("")) return;
      current = next;
      log.info("client authorities replaced", { channel, files: next.length });
      for (const listener of listeners) listener();
    } catch (error) {
      metrics.failures.inc({ channel });
      log.error("the new client authorities are not usable, the last good ones stay", { refusal: "certificate-not-usable" satisfies RefusalCode, channel, reason: reasonOf(error) });
    }
  };
  // What changes while it is read for the first time is read again afterwards.
  const changed = () => {
    if (current) void reload();
    else isOutdated = true;
  };
  const first = await read();
  current = first;
  if (isOutdated) await reload();
  return {
    current: () => current ?? first,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      hasEnded = true;
      stop();
    },
  };
}

async function pathsOf({ caFile, directory }: ClientAuthorityFiles, log: Log): Promise<readonly string[]> {
  const bundle = caFile ? [requirePath(caFile, "the client CA file")] : [];
  if (!directory) return bundle;
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    throw badRequest(`could not read the directory of client certificates ${directory}: ${reasonOf(error)}`);
  });
  // Entries of a mounted Kubernetes volume are links; its hidden directories are not certificates.
  const names = entries.filter((it) => !it.isDirectory()).map((it) => it.name).toSorted();
  for (const name of names.filter((it) => !isCertificateName(it) && !it.startsWith(".."))) log.info("skipping a file without .pem or .crt among client certificates", { file: join(directory, name) });
  return [...names.filter(isCertificateName).map((it) => join(directory, it)), ...bundle];
}

const isCertificateName = (name: string): boolean => /\.(pem|crt)$/.test(name);

async function readBundle(path: string): Promise<string> {
  try {
    const text = await readFile(path, "utf8");
    parseCertificates(text, path);
    return text;
  } catch (error) {
    throw badRequest(`failed to load PEM client certificate from "${path}"${error instanceof Error ? `: ${error.message}` : ""}`);
  }
}
