// What a command sees of the world, and what this program calls itself on every wire.
import { reasonOf } from "#platform";
import type { Screen } from "./output/screen.ts";

/** Handed in by start.ts, replaced in tests. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdin: () => Promise<string>;
  /** Absent when stdout is no terminal. */
  readonly screen?: Screen | undefined;
  /** For what runs on the way to the result: a line on stderr that is overwritten; absent when nobody watches. */
  readonly progress?: ((text: string) => void) | undefined;
  /** From the first call on, an interruption by the user aborts this instead of ending the program. */
  readonly interrupted: () => AbortSignal;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

export const product = "Kuma";
export const version = "2.14.3";
export const buildFacts = { gitTag: "unknown", gitCommit: "unknown", buildDate: "unknown" } as const;

/** The flag that lets a token travel over http:// to another machine. */
export const plaintextTokenFlag = "allow-plaintext-token";

const goArchitectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

export const userAgent = (): string =>
  `kumactl/${version} (${process.platform}; ${goArchitectures[process.arch] ?? process.arch}; ${product}/${buildFacts.gitCommit.slice(0, 7)})`;

/** `open x: no such file or directory`, without the code that node puts in front. */
export function reasonOfFile(error: unknown): string {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  const known: Readonly<Record<string, string>> = { ENOENT: "no such file or directory", EACCES: "permission denied", EISDIR: "is a directory", ENOTDIR: "not a directory" };
  return code && known[code] ? `${syscall} ${path}: ${known[code]}` : reasonOf(error);
}
