// Ports 5681 and 5682: the REST API for users, over HTTP and HTTPS, by the same handlers.
import { createApi, type About, type ApiAnswer, type EnvoyAdmin, type Inspection, type TokenDesk } from "#api";
import { globalInsight, globalTotals, unknownService, withInsights } from "#insights";
import type { Platform } from "#platform";
import type { Kinds, Place } from "#resources";
import { anyLocalPeer, authenticateUser, callFacts, createHttp1Server, feedHttp1, localPeers, openEndpoint, refusalIn, type AuthenticatedUser, type Http1Server, type LocalPeers, type OpenEndpoint, type TlsSettings } from "#security";
import type { Store } from "#store";
import type { Access, WriteDoor } from "#write";
import { defaultsOf } from "./compatibility.ts";
import type { Config } from "./config/load.ts";
import type { Credentials } from "./credentials.ts";
import type { LiveConnection } from "./trust.ts";

export interface ApiServerParts {
  readonly config: Config;
  readonly store: Store;
  readonly door: WriteDoor;
  readonly kinds: Kinds;
  readonly place: Place;
  readonly access: Access;
  readonly credentials: Credentials;
  readonly tokens: TokenDesk;
  readonly about: About;
  readonly inspect: Inspection;
  readonly envoyAdmin: EnvoyAdmin;
  readonly onAnswer: (answer: ApiAnswer) => void;
  readonly tls: TlsSettings;
  readonly platform: Platform;
}

export interface ApiServer {
  readonly httpPort: number | undefined;
  readonly httpsPort: number | undefined;
  connections(): readonly LiveConnection[];
  close(): Promise<void>;
}

export async function openApiServer(parts: ApiServerParts): Promise<ApiServer> {
  const { config, credentials, platform, tls } = parts;
  const log = platform.log.child("api-server");
  const rules = {
    localAdmins: localAdminsOf(config),
    type: config.get("apiServer.authn.type") === "adminClientCerts" ? ("adminClientCerts" as const) : ("tokens" as const),
    validator: credentials.validator,
  };
  let server: Http1Server | undefined;
  const callers = new WeakMap<object, AuthenticatedUser>();
  const naming = { dnsDomain: config.get("dnsServer.domain"), serviceVipPort: config.get("dnsServer.serviceVipPort") };
  const store = withInsights(parts.store, { kinds: parts.kinds, naming, clock: platform.clock });
  const insights = {
    global: () => globalInsight(store, parts.kinds, new Date(platform.clock.now()).toISOString()),
    totals: () => globalTotals(store, parts.kinds),
    unknownService: (name: string) => unknownService(name, naming),
  };
  const app = createApi(
    {
      store, insights, door: parts.door, kinds: parts.kinds, place: parts.place, access: parts.access, isApiReadOnly: config.get("apiServer.readOnly"), log, clock: platform.clock,
      async authenticate(request) {
        const caller = await authenticateUser(callFacts(request), rules);
        callers.set(request, caller);
        return caller.user;
      },
      audit: ({ raw, action, user, outcome, jti, error }) => {
        const caller = callers.get(raw);
        credentials.audit({ outcome, action, user, by: caller?.by ?? "nothing", remote: raw.socket.remoteAddress, jti: jti ?? caller?.facts.jti, ...refusalIn(error) });
      },
      admit: (user) => credentials.access.requireEntry(user),
      about: parts.about, tokens: parts.tokens, inspect: parts.inspect, envoyAdmin: parts.envoyAdmin, onAnswer: parts.onAnswer,
    },
    {
      serverFactory(handler) {
        server = createHttp1Server((request, response) => handler(request, response), {
          headersMs: config.get("apiServer.readHeaderTimeout"), requestMs: config.get("apiServer.readTimeout"), idleMs: config.get("apiServer.idleTimeout"),
          stallMs: config.get("apiServer.writeTimeout"),
        });
        return server;
      },
    },
  );
  await app.ready();
  if (!server) throw new Error("fastify made no server");
  const accept = { http1: feedHttp1(server) };
  const opened: { readonly channel: string; readonly endpoint: OpenEndpoint }[] = [];
  const open = async (name: "api-http" | "api-https", settings: Parameters<typeof openEndpoint>[1]) => {
    const endpoint = await openEndpoint(name, settings, accept, platform);
    opened.push({ channel: name === "api-http" ? "apiServer.http" : "apiServer.https", endpoint });
    return endpoint.port;
  };
  const httpPort = config.get("apiServer.http.enabled") ? await open("api-http", { host: config.get("apiServer.http.interface"), port: config.get("apiServer.http.port") }) : undefined;
  const httpsPort = config.get("apiServer.https.enabled") ? await open("api-https", { host: config.get("apiServer.https.interface"), port: config.get("apiServer.https.port"), tls }) : undefined;
  return {
    httpPort,
    httpsPort,
    connections: () => opened.flatMap(({ channel, endpoint }) => endpoint.connections().map((it) => ({ channel, protocol: "http", ...it }))),
    async close() {
      await Promise.all(opened.map((it) => it.endpoint.close()));
      await app.close();
      await store.close();
    },
  };
}

export function localAdminsOf(config: Config): LocalPeers | undefined {
  if (!config.get("apiServer.authn.localhostIsAdmin")) return undefined;
  return defaultsOf(config).localAdmins === "anyone" ? anyLocalPeer : localPeers();
}
