// Port 5676: what Prometheus is to scrape, in the clear or over TLS, for anybody or for those with a credential.
import { readFileSync } from "node:fs";
import { assignments, madsServer, type MeshViews } from "#mads";
import type { MeshView } from "#mesh";
import type { Platform } from "#platform";
import { unauthenticated, type Kinds } from "#resources";
import { anonymousUser, authenticateUser, callFacts, refusalIn, feedHttp1, openEndpoint, type CredentialFacts, type IncomingMessage, type OpenEndpoint, type TlsSettings } from "#security";
import type { Store } from "#store";
import type { Meshes } from "#xds";
import type { Config } from "./config/load.ts";
import type { Credentials } from "./credentials.ts";
import { allInterfaces } from "./interfaces.ts";

export interface MadsServerParts {
  readonly config: Config;
  readonly store: Store;
  readonly meshes: Meshes;
  readonly kinds: Kinds;
  readonly credentials: Credentials;
  readonly tls: TlsSettings;
  readonly platform: Platform;
}

/** Undefined when the configuration switches it off. */
export async function openMadsServer(parts: MadsServerParts): Promise<OpenEndpoint | undefined> {
  const { config, platform, credentials } = parts;
  if (!config.get("monitoringAssignmentServer.enabled")) return undefined;
  const kind = parts.kinds.byName("MeshMetric");
  const views = viewsOf(parts);
  const server = madsServer({
    views, platform, assignmentsOf: assignments(kind?.shape === "spec" ? kind : undefined), sessions: credentials.sessions,
    defaultFetchTimeoutMs: config.get("monitoringAssignmentServer.defaultFetchTimeout"),
    authenticate: authentication(config.get("monitoringAssignmentServer.auth"), credentials),
  });
  const tls = config.get("monitoringAssignmentServer.tlsEnabled") ? { tls: withClients(parts) } : {};
  const endpoint = await openEndpoint("mads", { host: allInterfaces(), port: config.get("monitoringAssignmentServer.port"), ...tls }, { http1: feedHttp1(server) }, platform);
  return {
    ...endpoint,
    async close() {
      views.close();
      server.close();
      await endpoint.close();
    },
  };
}

function withClients({ config, tls }: MadsServerParts): TlsSettings {
  if (config.get("monitoringAssignmentServer.auth") !== "clientCert") return tls;
  return { ...tls, requireClientCert: "required", clientCa: () => [readFileSync(config.get("monitoringAssignmentServer.clientCaFile"), "utf8")] };
}

/** A machine's own administrator has no part in this: whoever asks shows what the setting wants. */
function authentication(wanted: string, { validator, audit }: Credentials): (request: IncomingMessage) => Promise<CredentialFacts> {
  if (wanted === "none") return async () => ({ kind: "none" });
  const authenticate = async (request: IncomingMessage): Promise<CredentialFacts> => {
    const { by, facts } = await authenticateUser(callFacts(request), { localAdmins: undefined, type: wanted === "token" ? "tokens" : "adminClientCerts", validator });
    if (by === "nothing") throw unauthenticated(wanted === "token" ? "a user token is required" : "a client certificate is required");
    return facts;
  };
  return (request) => authenticate(request).catch((error: unknown) => {
    audit({ outcome: "denied", action: "ask for monitoring assignments", user: anonymousUser, by: "nothing", remote: request.socket.remoteAddress, ...refusalIn(error) });
    throw error;
  });
}

function viewsOf({ config, store, meshes }: MadsServerParts): MeshViews & { close(): void } {
  const allowed = config.get("monitoringAssignmentServer.allowedMeshes");
  const names = () => store.list("Mesh").map((it) => it.name).filter((name) => allowed.length === 0 || allowed.includes(name)).toSorted();
  const followed = new Map<string, () => void>();
  const listeners = new Set<() => void>();
  const notify = () => {
    for (const listener of listeners) listener();
  };
  const followAll = () => {
    const current = new Set(names());
    for (const name of current) if (!followed.has(name)) followed.set(name, meshes.follow(name, notify));
    for (const [name, stop] of followed) {
      if (current.has(name)) continue;
      stop();
      followed.delete(name);
    }
  };
  const endAll = () => {
    for (const end of followed.values()) end();
    followed.clear();
  };
  const stop = store.follow((changes) => {
    if (listeners.size === 0 || !changes.some(({ key }) => key.type === "Mesh")) return;
    followAll();
    notify();
  });
  return {
    all: () => names().flatMap((name): readonly MeshView[] => {
      const view = meshes.current(name);
      return view ? [view] : [];
    }),
    follow(onChange) {
      listeners.add(onChange);
      followAll();
      return () => {
        listeners.delete(onChange);
        if (listeners.size === 0) endAll();
      };
    },
    close() {
      stop();
      endAll();
    },
  };
}
