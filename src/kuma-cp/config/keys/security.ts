// Configuration keys: who may call what, tokens, secrets at rest, and the one switch back to Kuma's defaults (spec/security.md 4.4; issue texts for ours).
import { bool, duration, list, text } from "../key.ts";

const admin = ["mesh-system:admin"];
const known = ["mesh-system:authenticated"];

const rule = <P extends string>(name: P, env: string, users: readonly string[], groups: readonly string[], note: string) =>
  ({
    [`access.static.${name}.users`]: list(`KUMA_ACCESS_STATIC_${env}_USERS`, users, note),
    [`access.static.${name}.groups`]: list(`KUMA_ACCESS_STATIC_${env}_GROUPS`, groups, note),
  }) as Record<`access.static.${P}.users` | `access.static.${P}.groups`, ReturnType<typeof list>>;

export const securityKeys = {
  "access.type": text("KUMA_ACCESS_TYPE", "static", "static"),
  "access.anonymous": text("KUMA_ACCESS_ANONYMOUS", "read", "what callers without a credential may do with resources: none, read or write; write, as in Kuma, opens what the rules below open to mesh-system:authenticated to them too"),
  ...rule("adminResources", "ADMIN_RESOURCES", admin, admin, "who may read and write secrets"),
  ...rule("generateDpToken", "GENERATE_DP_TOKEN", admin, admin, "who may issue data plane tokens"),
  ...rule("generateUserToken", "GENERATE_USER_TOKEN", admin, admin, "who may issue user tokens"),
  ...rule("generateZoneToken", "GENERATE_ZONE_TOKEN", admin, admin, "who may issue zone tokens"),
  ...rule("viewConfigDump", "GET_CONFIG_DUMP", [], known, "who may see a proxy's configuration"),
  ...rule("viewStats", "VIEW_STATS", [], known, "who may see a proxy's statistics"),
  ...rule("viewClusters", "VIEW_CLUSTERS", [], known, "who may see a proxy's clusters"),
  ...rule("controlPlaneMetadata", "CONTROL_PLANE_METADATA", [], known, "who may see the control plane's configuration"),
  "compatibility": text("KUMA_COMPATIBILITY", "", "kuma: every default of ours that is stricter than Kuma's is undone"),
  "mtls.allowAuthorityChange": bool("KUMA_MTLS_ALLOW_AUTHORITY_CHANGE", true, "a Mesh may have two certificate backends and go from one to the other while mTLS is on"),
  "tokens.maxValidFor": duration("KUMA_TOKENS_MAX_VALID_FOR", "87840h", "no token is issued for longer"),
  "tokens.allowWithoutExpiry": bool("KUMA_TOKENS_ALLOW_WITHOUT_EXPIRY", false, "accept tokens that never expire"),
  "tokens.allowWithoutZone": bool("KUMA_TOKENS_ALLOW_WITHOUT_ZONE", false, "accept zone tokens that name no zone: they are good in every zone"),
  "store.sqlite.path": text("KUMA_STORE_SQLITE_PATH", "", "empty: kuma.db in the work dir"),
  "store.encryption.keyFile": text("KUMA_STORE_ENCRYPTION_KEY_FILE", "", "key that seals secrets; empty: generated beside the store"),
  "store.encryption.key": text("KUMA_STORE_ENCRYPTION_KEY", "", "the key itself, base64 of 32 bytes; wins over the file"),
} as const;
