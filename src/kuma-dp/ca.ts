// The CA by which kuma-dp verifies the control plane: given inline, or in a file that may be replaced while it tries.
import { readFile } from "node:fs/promises";
import { reasonOf, type Log } from "#platform";
import { badRequest } from "#resources";
import { parseCertificates, requirePath } from "#security";

export interface ControlPlaneCa {
  /** PEM; empty means the system's trust store. */
  current(): string;
  /** Reads a file again. What cannot be used leaves the last good content, and is logged. */
  refresh(): Promise<void>;
  /** True when waiting can help: the file may be replaced. */
  readonly isFollowed: boolean;
}

/** Throws when there is no usable CA to begin with. */
export async function controlPlaneCa(settings: { readonly caCert: string; readonly caCertFile: string }, log: Log): Promise<ControlPlaneCa> {
  const { caCert, caCertFile: path } = settings;
  if (caCert || !path) return { current: () => caCert, refresh: async () => {}, isFollowed: false };
  let pem = await read(path);
  return {
    current: () => pem,
    isFollowed: true,
    async refresh() {
      try {
        const next = await read(path);
        if (next !== pem) log.info("the CA file was replaced", { path });
        pem = next;
      } catch (error) {
        log.warn("the CA file is not usable, the last good content stays", { path, reason: reasonOf(error) });
      }
    },
  };
}

async function read(path: string): Promise<string> {
  requirePath(path, "--ca-cert-file");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw badRequest(`could not read certificate file ${path}: ${error.code ?? error.message}`);
  });
  parseCertificates(text, `certificate file ${path}`);
  return text;
}
