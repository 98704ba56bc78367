// Following files: reports "settled and different" for a path, whatever way it was replaced (write, rename, symlink swap).
import { realpathSync, statSync, watch, type BigIntStats } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Clock } from "./clock.ts";

/** Undefined when the file does not exist. Other failures (permissions, a directory) are thrown. */
export async function readIfExists(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export interface FollowOptions {
  readonly debounceMs?: number;
  /** A slow look as a net below the kernel's events (network disks send none). */
  readonly pollMs?: number;
}

/**
 * Calls `onChange` after any of `paths` has changed and stayed so for the debounce time (100 ms). The directories are
 * watched, not the files: Kubernetes swaps a symlink beside them. Returns the function that ends it.
 */
export function followFiles(paths: readonly string[], clock: Clock, onChange: () => void, options: FollowOptions = {}): () => void {
  const debounceMs = options.debounceMs ?? 100;
  const pollMs = options.pollMs ?? 10_000;
  let cancelDebounce = () => {};
  // At once: what is replaced after this call is noticed, however soon.
  let last = paths.map(fingerprintNow).join("\n");
  let ended = false;
  const look = async () => {
    const now = (await Promise.all(paths.map(fingerprint))).join("\n");
    if (ended || now === last) return;
    last = now;
    onChange();
  };
  const settle = () => {
    cancelDebounce();
    cancelDebounce = clock.after(debounceMs, () => void look());
  };
  const directories = new Set(paths.map((path) => dirname(path)));
  const watchers = [...directories].flatMap((directory) => {
    try {
      const watcher = watch(directory, { persistent: false }, settle);
      watcher.on("error", settle);
      return [watcher];
    } catch {
      return []; // the directory may come later; the slow look finds it
    }
  });
  let cancelPoll = () => {};
  const poll = () => {
    void look();
    cancelPoll = clock.after(pollMs, poll);
  };
  poll();
  return () => {
    ended = true;
    cancelDebounce();
    cancelPoll();
    for (const watcher of watchers) watcher.close();
  };
}

async function fingerprint(path: string): Promise<string> {
  try {
    const target = await realpath(path);
    return textOf(path, target, await stat(target, { bigint: true }));
  } catch {
    return absent(path);
  }
}

function fingerprintNow(path: string): string {
  try {
    const target = realpathSync(path);
    return textOf(path, target, statSync(target, { bigint: true }));
  } catch {
    return absent(path);
  }
}

const textOf = (path: string, target: string, { ino, size, mtimeNs }: BigIntStats): string => `${basename(path)} ${target} ${ino} ${size} ${mtimeNs}`;
const absent = (path: string): string => `${basename(path)} absent`;
