// Which certificate each server shows: its own pair, the general one, or the one the control plane makes for itself.
import type { Platform } from "#platform";
import { followKeyPair, openWorkDirPair, type FollowedKeyPair, type TlsSettings } from "#security";
import type { Config } from "./config/load.ts";

export type TlsServer = "apiServer.https" | "dpServer" | "diagnostics";

export interface ServerCertificates {
  /** The pair that is shown, with versions and ciphers. */
  tls(server: TlsServer): TlsSettings;
  close(): void;
}

export async function openCertificates(config: Config, workDir: string, platform: Platform): Promise<ServerCertificates> {
  const files = (path: TlsServer | "general") => ({ certFile: config.get(`${path}.tlsCertFile`), keyFile: config.get(`${path}.tlsKeyFile`) });
  const opened: FollowedKeyPair[] = [];
  const follow = async (path: TlsServer | "general") => {
    const source = await followKeyPair({ ...files(path), channel: path }, platform);
    opened.push(source);
    return source;
  };
  const general = files("general").certFile ? await follow("general") : await openWorkDirPair({ workDir }, platform);
  opened.push(general);
  const sources = new Map<TlsServer, FollowedKeyPair>();
  for (const server of ["apiServer.https", "dpServer", "diagnostics"] as const) {
    sources.set(server, files(server).certFile ? await follow(server) : general);
  }
  return {
    tls(server) {
      // An explicit value of the server wins; the general one stands in for what it leaves open.
      const pick = <K extends "tlsMinVersion" | "tlsMaxVersion" | "tlsCipherSuites">(key: K) => (config.isSet(`${server}.${key}`) ? config.get(`${server}.${key}`) : config.get(`general.${key}`));
      return { source: sources.get(server) ?? general, minVersion: pick("tlsMinVersion"), maxVersion: pick("tlsMaxVersion"), cipherSuites: pick("tlsCipherSuites") };
    },
    close() {
      for (const source of new Set(opened)) source.close();
    },
  };
}
