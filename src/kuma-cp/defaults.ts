// How this control plane makes the keys, authorities and tokens that default resources need.
import { keepDefaults } from "#controllers";
import type { Part, Platform } from "#platform";
import type { Kinds, Place } from "#resources";
import { groups, issueToken, makeBuiltinRoot, makeSigningKey, makeSystemAuthority, requireLatestKey, type KeySource } from "#security";
import type { Store } from "#store";
import type { WriteDoor } from "#write";
import { meshDuration } from "./authorities.ts";
import { defaultsOf } from "./compatibility.ts";
import type { Config } from "./config/load.ts";

const tenYearsMs = 10 * 365 * 86_400_000;

interface Parts {
  readonly config: Config;
  readonly store: Store;
  readonly door: WriteDoor;
  readonly kinds: Kinds;
  readonly place: Place;
  readonly keys: KeySource;
  readonly platform: Platform;
}

export function defaultsPart({ config, store, door, kinds, place, keys, platform }: Parts): Part {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const usersHaveTokens = config.get("apiServer.authn.type") === "tokens";
  return keepDefaults({
    store, door, kinds, place, platform, usersHaveTokens,
    newSigningKey: async () => bytes(await makeSigningKey()),
    async makeBuiltinRoot(mesh, backend) {
      const ca = backend.conf?.["caCert"] as { RSAbits?: unknown; expiration?: unknown } | undefined;
      const expiryMs = meshDuration(typeof ca?.expiration === "string" ? ca.expiration : "") || tenYearsMs;
      const root = await makeBuiltinRoot({ trustDomain: mesh, expiryMs, now: platform.clock.now(), ...(typeof ca?.RSAbits === "number" ? { rsaBits: ca.RSAbits } : {}) });
      return { certificate: bytes(root.certPem), privateKey: bytes(root.keyPem) };
    },
    newAuthority: async (name) => bytes(await makeSystemAuthority(name === "envoy-admin-ca" ? "envoy-admin" : "inter-cp", platform.clock.now())),
    ...(config.get("apiServer.authn.tokens.bootstrapAdminToken")
      ? {
          issueAdminToken: () =>
            issueToken({ kind: "user", name: "mesh-system:admin", groups: [groups.admin] }, {
              key: requireLatestKey(keys, "user", ""), validForMs: defaultsOf(config).adminTokenLifeMs, now: platform.clock.now(), jti: platform.random.uuid(),
            }),
        }
      : {}),
    skipTenantResources: config.get("defaults.skipTenantResources"),
    skipMeshCreation: config.get("defaults.skipMeshCreation"),
    skipHostnameGenerators: config.get("defaults.skipHostnameGenerators"),
  });
}
