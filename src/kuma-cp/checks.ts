// Settings that cannot be honoured stop the start: those that choose store, mode, environment or identity, or that restrict who may call.
import { reasonOf } from "#platform";
import { anonymousRights, tlsCiphers, tlsVersion } from "#security";
import { invalidConfig, type Config } from "./config/load.ts";
import { keys, type KeyPath } from "./config/keys/index.ts";

/** Throws with every problem; returns lines the operator should read. */
export function checkConfig(config: Config): readonly string[] {
  const problems = [...checkPlace(config), ...checkTls(config), ...checkNames(config)];
  if (problems.length > 0) throw invalidConfig(problems);
  return [...config.warnings, ...ineffective(config)];
}

function checkPlace(config: Config): string[] {
  const problems: string[] = [];
  const one = (path: KeyPath, allowed: readonly string[], later: readonly string[]) => {
    const value = config.get(path);
    if (typeof value !== "string") return;
    if (later.includes(value)) problems.push(`${path}: "${value}" is not available in this version yet; use ${allowed.map((it) => `"${it}"`).join(" or ")}`);
    else if (!allowed.includes(value)) problems.push(`${path}: "${value}" is not one of ${[...allowed, ...later].join(", ")}`);
  };
  one("environment", ["universal"], ["kubernetes"]);
  one("mode", ["zone"], ["global"]);
  one("store.type", ["memory", "sqlite"], ["postgres", "kubernetes"]);
  one("apiServer.authn.type", ["tokens", "adminClientCerts"], []);
  one("access.type", ["static"], []);
  one("access.anonymous", anonymousRights, []);
  one("apiServer.authn.localhostIsAdminFor", ["sameUser", "anyone"], []);
  one("dpServer.authn.dpProxy.type", ["", "dpToken", "none"], ["serviceAccountToken"]);
  one("dpServer.authn.zoneProxy.type", ["", "zoneToken", "none"], ["serviceAccountToken"]);
  one("compatibility", ["", "kuma"], []);
  one("diagnostics.auth", ["user", "none"], []);
  one("monitoringAssignmentServer.auth", ["none", "token", "clientCert"], []);
  if (config.get("monitoringAssignmentServer.auth") === "clientCert" && !(config.get("monitoringAssignmentServer.tlsEnabled") && config.get("monitoringAssignmentServer.clientCaFile"))) {
    problems.push("monitoringAssignmentServer.auth: clientCert needs tlsEnabled and clientCaFile");
  }
  if (config.get("multizone.zone.globalAddress")) problems.push("multizone.zone.globalAddress: joining a global control plane is not available in this version yet");
  return problems;
}

const servers = ["general", "apiServer.https", "dpServer", "diagnostics", "monitoringAssignmentServer"] as const;

function checkTls(config: Config): string[] {
  return servers.flatMap((server) => {
    const problems: string[] = [];
    const attempt = (path: KeyPath, check: () => unknown) => {
      try {
        check();
      } catch (error) {
        problems.push(`${path}: ${reasonOf(error)}`);
      }
    };
    attempt(`${server}.tlsMinVersion`, () => tlsVersion(config.get(`${server}.tlsMinVersion`)));
    attempt(`${server}.tlsMaxVersion`, () => tlsVersion(config.get(`${server}.tlsMaxVersion`)));
    attempt(`${server}.tlsCipherSuites`, () => tlsCiphers(config.get(`${server}.tlsCipherSuites`)));
    const hasCert = config.get(`${server}.tlsCertFile`) !== "";
    const hasKey = config.get(`${server}.tlsKeyFile`) !== "";
    if (hasCert && !hasKey) problems.push(`${server}: .TlsKeyFile cannot be empty if TlsCertFile has been set`);
    if (hasKey && !hasCert) problems.push(`${server}: .TlsCertFile cannot be empty if TlsKeyFile has been set`);
    return problems;
  });
}

function checkNames(config: Config): string[] {
  const zone = config.get("multizone.zone.name");
  const isName = zone.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(zone);
  const ports = (["dpServer.port", "apiServer.http.port", "apiServer.https.port", "diagnostics.serverPort", "monitoringAssignmentServer.port"] as const).filter((path) => config.get(path) < 0 || config.get(path) > 65535);
  return [...(isName ? [] : [`multizone.zone.name: "${zone}" is not a DNS name of at most 63 characters`]), ...ports.map((path) => `${path}: ${config.get(path)} is not a port`)];
}

/** Keys whose meaning the design has taken away: changes are followed, nothing is cached for a time. */
const meaningless: readonly KeyPath[] = [
  "store.cache.enabled", "store.cache.expirationTime", "store.upsert.conflictRetryBaseBackoff", "store.upsert.conflictRetryMaxTimes", "store.upsert.conflictRetryJitterPercent",
  "xdsServer.dataplaneConfigurationRefreshInterval", "xdsServer.nackBackoff", "ipam.allocationInterval", "meshService.generationInterval", "runtime.universal.vipRefreshInterval",
  "coreResources.status.meshServiceInterval", "coreResources.status.meshIdentityInterval", "monitoringAssignmentServer.assignmentRefreshInterval", "eventBus.bufferSize", "metrics.mesh.bufferSize", "metrics.mesh.eventProcessors", "general.dnsCacheTTL",
];

/** Prefixes of features that are not built yet. */
const later = [
  "multizone.global.", "multizone.zone.kds.", "runtime.kubernetes.", "store.postgres.", "store.kubernetes.", "interCp.", "tracing.", "reports.",
  "metrics.openTelemetry.", "experimental.", "proxy.gateway.", "apiServer.gui.", "dpServer.hds.",
];

function ineffective(config: Config): string[] {
  const set = (Object.keys(keys) as KeyPath[]).filter((path) => config.isSet(path));
  return [
    ...set.filter((path) => meaningless.includes(path)).map((path) => `${path} has no meaning here: changes are followed as they happen`),
    ...set.filter((path) => later.some((prefix) => path.startsWith(prefix)) && path !== "multizone.zone.name").map((path) => `${path} is accepted, but its feature is not built yet (docs/status.md)`),
  ];
}

