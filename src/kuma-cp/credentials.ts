// Who is who: tokens, users, rights, and the live sessions that hang on them.
import { readFileSync } from "node:fs";
import type { Platform } from "#platform";
import type { ResourceKey } from "#resources";
import {
  createAudit, createSessions, createTokenValidator, groups, ruleNames, staticAccess, whyProxyEnds,
  type Access, type AccessRules, type Audit, type KeySource, type ProxyAuthentication, type RuleName, type Sessions, type StaticKey, type TokenKind, type TokenValidator,
} from "#security";
import type { Store } from "#store";
import { defaultsOf } from "./compatibility.ts";
import type { PublicKeyEntry } from "./config/key.ts";
import type { Config } from "./config/load.ts";
import { isCredentialSecret, storedKeys, storedRevocations } from "./secrets.ts";

export interface Credentials {
  readonly keys: KeySource;
  readonly validator: TokenValidator;
  readonly access: Access;
  readonly audit: Audit;
  readonly sessions: Sessions;
  readonly proxies: ProxyAuthentication;
  close(): void;
}

/** As sessions name the proxy of a resource. */
const proxyNames = new Map<string, (key: ResourceKey) => string>([
  ["Dataplane", ({ mesh, name }) => `dataplane/${mesh}/${name}`], ["ZoneIngress", ({ mesh, name }) => `ingress/${mesh}/${name}`], ["ZoneEgress", ({ mesh, name }) => `egress/${mesh}/${name}`],
]);

export function openCredentials(config: Config, store: Store, platform: Platform): Credentials {
  const keys = storedKeys(store);
  const sessions = createSessions(platform.clock);
  const usesSecrets: readonly (readonly [TokenKind, boolean])[] = [
    ["dataplane", config.get("dpServer.authn.dpProxy.dpToken.validator.useSecrets")],
    ["zone", config.get("dpServer.authn.zoneProxy.zoneToken.validator.useSecrets")],
    ["user", config.get("apiServer.authn.tokens.validator.useSecrets")],
  ];
  const validator = createTokenValidator({
    keys,
    revocations: storedRevocations(store),
    staticKeys: [
      ...staticKeys("dataplane", config.get("dpServer.authn.dpProxy.dpToken.validator.publicKeys")),
      ...staticKeys("zone", config.get("dpServer.authn.zoneProxy.zoneToken.validator.publicKeys")),
      ...staticKeys("user", config.get("apiServer.authn.tokens.validator.publicKeys")),
    ],
    withoutSecrets: usesSecrets.filter(([, uses]) => !uses).map(([kind]) => kind),
    clock: platform.clock,
    allowTokensWithoutExpiry: defaultsOf(config).acceptsTokensWithoutExpiry,
    isMemoryStore: defaultsOf(config).storeType === "memory",
  });
  // A key that is gone or a list that grew ends what was opened with it, at once.
  const unfollow = store.follow((changes) => {
    if (changes.some(({ key }) => (key.type === "Secret" || key.type === "GlobalSecret") && isCredentialSecret(key.name))) sessions.revalidate(whyProxyEnds(validator));
    const deleted = new Set(changes.flatMap(({ key, current }) => (current ? [] : (proxyNames.get(key.type)?.(key) ?? []))));
    if (deleted.size > 0) sessions.revalidate(({ proxy }) => (proxy !== undefined && deleted.has(proxy) ? "the proxy's resource was deleted" : undefined));
  });
  return {
    keys,
    validator,
    sessions,
    access: staticAccess(rulesOf(config), defaultsOf(config).anonymous),
    audit: createAudit(platform.log),
    proxies: {
      validator,
      dataplanes: config.get("dpServer.authn.dpProxy.type") === "none" ? "none" : "dpToken",
      zoneProxies: config.get("dpServer.authn.zoneProxy.type") === "none" ? "none" : "zoneToken",
      acceptsZoneTokensWithoutZone: defaultsOf(config).acceptsZoneTokensWithoutZone,
    },
    close() {
      unfollow();
      sessions.stop();
    },
  };
}

/** Looking into proxies and the control plane is open to all as in Kuma, unless the rule itself is set. */
function rulesOf(config: Config): AccessRules {
  const opens = defaultsOf(config).anonymous === "write";
  const groupsOf = (name: RuleName): readonly string[] => {
    const given = config.get(`access.static.${name}.groups`);
    const isOpened = opens && given.includes(groups.authenticated) && !config.isSet(`access.static.${name}.groups`);
    return isOpened ? [groups.unauthenticated, ...given] : given;
  };
  return Object.fromEntries(ruleNames.map((name) => [name, { users: config.get(`access.static.${name}.users`), groups: groupsOf(name) }])) as unknown as AccessRules;
}

const staticKeys = (kind: TokenKind, entries: readonly PublicKeyEntry[]): readonly StaticKey[] =>
  entries.map(({ kid, key, keyFile, mesh }) => ({ kind, kid, pem: key ?? readFileSync(keyFile ?? "", "utf8"), ...(mesh === undefined ? {} : { mesh }) }));
