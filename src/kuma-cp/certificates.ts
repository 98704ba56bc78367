// Which certificate each server shows: its own pair, the general one, or the one the control plane makes for itself.
import type { Platform } from "#platform";
import { badRequest } from "#resources";
import { followClientAuthorities, followKeyPair, openWorkDirPair, type ClientAuthorities, type FollowedKeyPair, type TlsSettings } from "#security";
import type { Config } from "./config/load.ts";

export const tlsServers = ["apiServer.https", "dpServer", "diagnostics", "monitoringAssignmentServer"] as const;
export type TlsServer = (typeof tlsServers)[number];

export interface ServerCertificates {
  /** The pair that is shown, with versions and ciphers. */
  tls(server: TlsServer): TlsSettings;
  /** Called after any pair or client authority was replaced. */
  onChange(listener: () => void): () => void;
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
  for (const server of tlsServers) {
    sources.set(server, files(server).certFile ? await follow(server) : general);
  }
  const clients = await clientAuthorities(config, platform);
  return {
    tls(server) {
      // An explicit value of the server wins; the general one stands in for what it leaves open.
      const pick = <K extends "tlsMinVersion" | "tlsMaxVersion" | "tlsCipherSuites">(key: K) => (config.isSet(`${server}.${key}`) ? config.get(`${server}.${key}`) : config.get(`general.${key}`));
      return { source: sources.get(server) ?? general, minVersion: pick("tlsMinVersion"), maxVersion: pick("tlsMaxVersion"), cipherSuites: pick("tlsCipherSuites"), ...(server === "apiServer.https" ? clients.tls : {}) };
    },
    onChange(listener) {
      const stops = [...new Set<{ onChange(listener: () => void): () => void }>(opened), ...(clients.source ? [clients.source] : [])].map((it) => it.onChange(listener));
      return () => {
        for (const stop of stops) stop();
      };
    },
    close() {
      for (const source of new Set(opened)) source.close();
      clients.source?.close();
    },
  };
}

interface Clients {
  readonly source?: ClientAuthorities;
  readonly tls: Partial<TlsSettings>;
}

/** Whether users show certificates, and whose are good (spec/security.md 4.1). */
async function clientAuthorities(config: Config, platform: Platform): Promise<Clients> {
  const caFile = config.get("apiServer.https.tlsCaFile");
  const directory = config.get("apiServer.auth.clientCertsDir");
  const isRequired = config.get("apiServer.https.requireClientCert");
  // Read even when nobody is asked for a certificate: what cannot be parsed is found at the start.
  const source = caFile || directory ? await followClientAuthorities({ caFile, directory, channel: "apiServer.https.clientCa" }, platform) : undefined;
  if (isRequired && (source?.current().length ?? 0) === 0) {
    source?.close();
    throw badRequest("apiServer.https.requireClientCert is set, but no authority is given that could sign one: set apiServer.https.tlsCaFile or apiServer.auth.clientCertsDir");
  }
  const asksUsers = config.get("apiServer.authn.type") === "adminClientCerts";
  if (!isRequired && !asksUsers) return { ...(source ? { source } : {}), tls: {} };
  const tls: Partial<TlsSettings> = {
    requireClientCert: isRequired ? "required" : "optional",
    clientCa: () => source?.current() ?? [],
    ...(source ? { onClientCaChange: (listener: () => void) => source.onChange(listener) } : {}),
  };
  return { ...(source ? { source } : {}), tls };
}
