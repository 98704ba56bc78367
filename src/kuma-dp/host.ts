// Facts of the host that the control plane is told: memory limit, IPv6, the system's CA bundle.
import { access, readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";

/** The cgroup's memory limit in bytes; 0 when there is none. */
export async function memoryLimit(): Promise<number> {
  for (const path of ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]) {
    const text = await readFile(path, "utf8").catch(() => "");
    const bytes = Number(text.trim());
    if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  }
  return 0;
}

export const hasIPv6 = (): boolean => Object.values(networkInterfaces()).some((addresses) => addresses?.some((it) => it.family === "IPv6"));

const bundles = [
  "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
];

/** Path of the operating system's CA bundle; empty when none is found. */
export async function systemCaBundle(): Promise<string> {
  for (const path of bundles) {
    if (await access(path).then(() => true, () => false)) return path;
  }
  return "";
}
