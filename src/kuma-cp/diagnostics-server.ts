// Port 5680: health and metrics for anybody, log levels for those who may administer this control plane.
import { diagnosticsServer } from "#diagnostics";
import type { LogLevels, Platform } from "#platform";
import { anonymousUser, authenticateUser, callFacts, feedHttp1, openEndpoint, refusalIn, type IncomingMessage, type OpenEndpoint, type TlsSettings } from "#security";
import { localAdminsOf } from "./api-server.ts";
import { defaultsOf } from "./compatibility.ts";
import type { Config } from "./config/load.ts";
import type { Credentials } from "./credentials.ts";
import { allInterfaces } from "./interfaces.ts";

export interface DiagnosticsParts {
  readonly config: Config;
  readonly credentials: Credentials;
  readonly levels: LogLevels;
  readonly isReady: () => boolean;
  readonly tls: TlsSettings;
  readonly platform: Platform;
}

export function openDiagnostics({ config, credentials, levels, isReady, tls, platform }: DiagnosticsParts): Promise<OpenEndpoint> {
  const server = diagnosticsServer({ isReady, metrics: platform.metrics, levels, authorize: authorization(config, credentials) });
  return openEndpoint(
    "diagnostics",
    { host: allInterfaces(), port: config.get("diagnostics.serverPort"), ...(config.get("diagnostics.tlsEnabled") ? { tls } : {}) },
    { http1: feedHttp1(server) }, platform,
  );
}

/** As at the API: this machine's administrator, or a user's token. */
function authorization(config: Config, { access, audit, validator }: Credentials) {
  if (defaultsOf(config).hasOpenDiagnostics) return async () => {};
  const rules = { localAdmins: localAdminsOf(config), type: "tokens" as const, validator };
  return async (request: IncomingMessage, operation: "look" | "change"): Promise<void> => {
    const event = { action: `${request.method} ${request.url}`, remote: request.socket.remoteAddress };
    let caller = { user: anonymousUser, by: "nothing" };
    try {
      const { user, by } = await authenticateUser(callFacts(request), rules);
      caller = { user, by };
      access.require(operation === "look" ? "controlPlaneMetadata" : "adminResources", user);
    } catch (error) {
      audit({ ...event, ...caller, outcome: "denied", ...refusalIn(error) });
      throw error;
    }
    if (operation === "change") audit({ ...event, ...caller, outcome: "allowed" });
  };
}
