// Which authorities a client trusts when none is given: the operating system's, where SSL_CERT_FILE and SSL_CERT_DIR count.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { readIfExists } from "#platform";
import { pemBlocks } from "./certificates/pem.ts";

/** The two variables, handed in by main. */
export interface TrustEnvironment {
  readonly SSL_CERT_FILE?: string | undefined;
  readonly SSL_CERT_DIR?: string | undefined;
}

const bundles = [
  "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
];
const directories = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

/** PEM of every trusted authority. A variable replaces the places it names; node's own roots serve where nothing is found. */
export async function systemTrust(environment: TrustEnvironment): Promise<readonly string[]> {
  const fromFile = await firstBundle(environment.SSL_CERT_FILE ? [environment.SSL_CERT_FILE] : bundles);
  const places = environment.SSL_CERT_DIR ? environment.SSL_CERT_DIR.split(":").filter(Boolean) : directories;
  // The default directories hold what the default bundle holds; they are read only when a variable changed one of the two.
  const isDefault = !environment.SSL_CERT_FILE && !environment.SSL_CERT_DIR;
  const fromDirectories = isDefault && fromFile.length > 0 ? [] : (await Promise.all(places.map(certificatesIn))).flat();
  const all = [...new Set([...fromFile, ...fromDirectories])];
  return all.length > 0 ? all : rootCertificates;
}

async function firstBundle(paths: readonly string[]): Promise<string[]> {
  for (const path of paths) {
    const found = await certificatesOf(path);
    if (found.length > 0) return found;
  }
  return [];
}

async function certificatesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  const found: string[] = [];
  for (const name of names) found.push(...(await certificatesOf(join(directory, name))));
  return found;
}

async function certificatesOf(path: string): Promise<string[]> {
  const text = await readIfExists(path).catch(() => undefined);
  return text ? pemBlocks(text.toString("latin1")).filter((it) => it.type === "CERTIFICATE").map((it) => it.text) : [];
}
