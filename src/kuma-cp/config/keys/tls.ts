// Configuration keys of every TLS server: certificate, key, versions, ciphers (spec/security.md 1.2).
import { list, text } from "../key.ts";

/** An empty minimum means "as the general setting says"; an explicit value of a server wins over the general one. */
const versions = <P extends string>(path: P, env: string, minimum: string) =>
  ({
    [`${path}.tlsMinVersion`]: text(`${env}_TLS_MIN_VERSION`, minimum, "TLSv1_2 or TLSv1_3"),
    [`${path}.tlsMaxVersion`]: text(`${env}_TLS_MAX_VERSION`, "", "empty: the newest there is"),
    [`${path}.tlsCipherSuites`]: list(`${env}_TLS_CIPHER_SUITES`, [], "IANA names; empty: the library's choice"),
  }) as Record<`${P}.tlsMinVersion` | `${P}.tlsMaxVersion`, ReturnType<typeof text>> & Record<`${P}.tlsCipherSuites`, ReturnType<typeof list>>;

const pair = <P extends string>(path: P, env: string, note: string) =>
  ({
    [`${path}.tlsCertFile`]: text(`${env}_TLS_CERT_FILE`, "", note),
    [`${path}.tlsKeyFile`]: text(`${env}_TLS_KEY_FILE`, "", note),
  }) as Record<`${P}.tlsCertFile` | `${P}.tlsKeyFile`, ReturnType<typeof text>>;

const asGeneral = "empty: the general pair";

export const tlsKeys = {
  ...pair("general", "KUMA_GENERAL", "empty: generated in the work dir"),
  ...versions("general", "KUMA_GENERAL", "TLSv1_2"),
  ...pair("apiServer.https", "KUMA_API_SERVER_HTTPS", asGeneral),
  ...versions("apiServer.https", "KUMA_API_SERVER_HTTPS", "TLSv1_2"),
  ...pair("dpServer", "KUMA_DP_SERVER", asGeneral),
  ...versions("dpServer", "KUMA_DP_SERVER", "TLSv1_2"),
  ...pair("diagnostics", "KUMA_DIAGNOSTICS", asGeneral),
  ...versions("diagnostics", "KUMA_DIAGNOSTICS", "TLSv1_2"),
  ...pair("monitoringAssignmentServer", "KUMA_MONITORING_ASSIGNMENT_SERVER", asGeneral),
  ...versions("monitoringAssignmentServer", "KUMA_MONITORING_ASSIGNMENT_SERVER", "TLSv1_2"),
  ...pair("multizone.global.kds", "KUMA_MULTIZONE_GLOBAL_KDS", asGeneral),
  ...versions("multizone.global.kds", "KUMA_MULTIZONE_GLOBAL_KDS", "TLSv1_2"),
  ...versions("interCp.server", "KUMA_INTER_CP_SERVER", "TLSv1_2"),
} as const;
