// Files that are their owner's alone: written beside and renamed, refused with the way out.
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { readIfExists, reasonOf } from "#platform";
import { unavailable } from "#resources";

/** The text of a file; undefined when it is not there. */
export async function readPrivate(path: string): Promise<string | undefined> {
  const content = await readIfExists(path).catch((error: unknown) => {
    throw notWritable(path, error);
  });
  return content?.toString("utf8");
}

export async function makeDirectory(workDir: string): Promise<void> {
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

/** A reader sees the old or the new file, never half of one. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: "wx" });
    await rename(draft, path);
  } catch (error) {
    throw notWritable(path, error);
  }
}

const notWritable = (path: string, cause: unknown) =>
  unavailable(`could not use ${path}: ${reasonOf(cause)}; the control plane keeps its files in the directory that KUMA_GENERAL_WORK_DIR names, choose another one`, { cause });
