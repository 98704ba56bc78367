// Defaults that are stricter than Kuma's, and what `KUMA_COMPATIBILITY=kuma` makes of them (docs/compatibility.md). A setting of its own always wins.
import { anonymousRights, defaultTokenLifeMs, type AnonymousRights } from "#security";
import type { Config } from "./config/load.ts";

export interface Defaults {
  /** Of a token for which nobody said how long. */
  readonly tokenLifeMs: number;
  /** Longest life of an issued token. */
  readonly maxTokenLifeMs: number;
  readonly adminTokenLifeMs: number;
  readonly acceptsTokensWithoutExpiry: boolean;
  /** Such a token is good in every zone. */
  readonly acceptsZoneTokensWithoutZone: boolean;
  readonly storeType: string;
  readonly anonymous: AnonymousRights;
  /** Among callers on this machine. */
  readonly localAdmins: "sameUser" | "anyone";
  /** A Mesh may have two certificate backends and go from one to the other. */
  readonly allowsAuthorityChange: boolean;
  /** Log levels are anybody's to see and to change. */
  readonly hasOpenDiagnostics: boolean;
}

const hourMs = 3_600_000;
const tenYearsMs = 10 * 365 * 24 * hourMs;
/** As long as a date can be told. */
const unlimitedMs = 200 * 365 * 24 * hourMs;

export function defaultsOf(config: Config): Defaults {
  const isKuma = config.get("compatibility") === "kuma";
  const maxTokenLifeMs = isKuma && !config.isSet("tokens.maxValidFor") ? unlimitedMs : config.get("tokens.maxValidFor");
  return {
    tokenLifeMs: Math.min(isKuma ? tenYearsMs : defaultTokenLifeMs, maxTokenLifeMs),
    maxTokenLifeMs,
    adminTokenLifeMs: isKuma ? tenYearsMs : 720 * hourMs,
    acceptsTokensWithoutExpiry: config.isSet("tokens.allowWithoutExpiry") ? config.get("tokens.allowWithoutExpiry") : isKuma,
    acceptsZoneTokensWithoutZone: config.isSet("tokens.allowWithoutZone") ? config.get("tokens.allowWithoutZone") : isKuma,
    storeType: isKuma && !config.isSet("store.type") ? "memory" : config.get("store.type"),
    anonymous: isKuma && !config.isSet("access.anonymous") ? "write" : (anonymousRights.find((it) => it === config.get("access.anonymous")) ?? "none"),
    localAdmins: (isKuma && !config.isSet(localAdminsFor)) || config.get(localAdminsFor) === "anyone" ? "anyone" : "sameUser",
    hasOpenDiagnostics: (isKuma && !config.isSet("diagnostics.auth")) || config.get("diagnostics.auth") === "none",
    allowsAuthorityChange: config.isSet("mtls.allowAuthorityChange") ? config.get("mtls.allowAuthorityChange") : !isKuma,
  };
}

const localAdminsFor = "apiServer.authn.localhostIsAdminFor";
