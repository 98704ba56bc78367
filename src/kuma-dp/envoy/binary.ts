// Finding Envoy and asking its version.
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { badRequest } from "#resources";

/** The Envoy that kuma-dp was built for. */
export const builtForEnvoy = "1.40.0";

export interface EnvoyBinary {
  readonly path: string;
  readonly version: string;
  /** `revision/version/status/type/ssl`. */
  readonly build: string;
  readonly isCompatible: boolean;
}

/** Looked for as given, then on PATH, then in the user's cache folder. */
export async function findEnvoy(binaryPath: string, env: Readonly<Record<string, string | undefined>>, execPath: string): Promise<EnvoyBinary> {
  const cache = join(env.XDG_CACHE_HOME || join(env.HOME ?? "", ".cache"), "koguma", `envoy-${builtForEnvoy}`, "envoy");
  const candidates = binaryPath.includes("/")
    ? [resolve(binaryPath)]
    : [...(env.PATH ?? "").split(delimiter).map((folder) => join(folder, binaryPath)), resolve(binaryPath), join(execPath, "..", binaryPath), cache];
  for (const path of candidates) {
    if (await isExecutable(path)) return probe(path);
  }
  throw badRequest(`could not find Envoy's executable "${binaryPath}"; looked in ${binaryPath.includes("/") ? binaryPath : "PATH, the working folder and the cache folder"}. Set --binary-path`);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function probe(path: string): Promise<EnvoyBinary> {
  let output: string;
  try {
    output = (await promisify(execFile)(path, ["--version"], { timeout: 20_000 })).stdout;
  } catch (error) {
    throw badRequest(`${path} --version failed: ${error instanceof Error ? error.message : ""}`);
  }
  const build = /version:\s*(\S+)/.exec(output)?.[1] ?? "";
  const parts = build.split("/");
  const version = parts[1] ?? "";
  if (parts.length !== 5) throw badRequest(`${path} --version does not look like Envoy's: "${output.trim().slice(0, 200)}"`);
  return { path, version, build, isCompatible: isCompatible(version) };
}

/** The same minor version, and not older than the one kuma-dp was built for. */
function isCompatible(version: string): boolean {
  const [major, minor, patch = 0] = version.split(".").map(Number);
  const [ourMajor, ourMinor, ourPatch = 0] = builtForEnvoy.split(".").map(Number);
  return major === ourMajor && minor === ourMinor && patch >= ourPatch;
}
