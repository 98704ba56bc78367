// The control plane: every part made with what it needs, in the order of the picture, and run. Two of them can live in one process.
import { hostname } from "node:os";
import { createPipeline, createSealer } from "#envoy";
import type { Config as StoredConfig } from "#gen/kuma/system/v1alpha1/system_pb.js";
import { trackProxies } from "#insights";
import { createPlanner } from "#mesh";
import { runParts, type LogLevels, type Platform } from "#platform";
import { envoyPolicies, routeShapers, withNativeChecks } from "#policies";
import { policyKinds } from "#policies/kinds";
import { kindsOf, type Kind, type Kinds, type Place, type SpecKind } from "#resources";
import { coreKinds, meshKind, meshKindWithOneAuthority } from "#resources/kinds";
import { workDirOr, type KeyPairSource } from "#security";
import { builtinBackend, openWriteDoor, providedBackend, type Access } from "#write";
import { followMeshes, xdsServer } from "#xds";
import { adminTlsOf } from "./admin-tls.ts";
import { openApiServer } from "./api-server.ts";
import { providedPairCheck, storedAuthorities } from "./authorities.ts";
import { openCertificates } from "./certificates.ts";
import { checkConfig } from "./checks.ts";
import { defaultsOf } from "./compatibility.ts";
import { openDiagnostics } from "./diagnostics-server.ts";
import { printConfig, type Config } from "./config/load.ts";
import { controllerParts } from "./controllers.ts";
import { openCredentials } from "./credentials.ts";
import { defaultsPart } from "./defaults.ts";
import { openDpServer } from "./dp-server.ts";
import { openEnvoyAdmin } from "./envoy-admin.ts";
import { openInspection } from "./inspection.ts";
import { identityAuthorities, joinAuthorities } from "./identity-authorities.ts";
import { issueEvent } from "./issue-audit.ts";
import { openHealth } from "./health.ts";
import { openMadsServer } from "./mads-server.ts";
import { controlPlaneMetrics } from "./metrics.ts";
import { openProxyDoor } from "./proxy-door.ts";
import { openStore } from "./store.ts";
import { openTrust, type LiveConnection } from "./trust.ts";
import { openTokenDesk } from "./tokens.ts";
import { warnOfUnapplied } from "./unapplied.ts";

export const version = "2.14.3";

export interface ControlPlane {
  readonly ports: { readonly http: number | undefined; readonly https: number | undefined; readonly dp: number; readonly diagnostics: number; readonly mads: number | undefined };
  /** Ends gently: streams are told, the store is closed last. */
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  readonly config: Config;
  readonly platform: Platform;
  readonly levels: LogLevels;
  readonly home: string | undefined;
  /** Variables that resources may name as the place of a key. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export async function startControlPlane({ config, platform, levels, home, environment = {} }: ControlPlaneOptions): Promise<ControlPlane> {
  const log = platform.log;
  for (const line of checkConfig(config)) log.warn(line);
  const place = placeOf(config);
  const kinds = enabledKinds(config);
  const workDir = workDirOr(config.get("general.workDir"), home);
  const certificates = await openCertificates(config, workDir, platform);
  const metrics = controlPlaneMetrics({ platform, zone: place.zone });
  const store = metrics.measuredStore(await openStore(config, workDir, kinds, platform));
  const credentials = openCredentials(config, store, platform);
  const access: Access = {
    check: (writer, kind, operation) => (writer.is === "user" || writer.is === "kubernetes" ? credentials.access.requireResource(kind, writer.user, operation) : undefined),
  };
  const door = openWriteDoor({
    store, kinds, place, access, isApiReadOnly: config.get("apiServer.readOnly"), unsafeDelete: config.get("store.unsafeDelete"), allowsAuthorityChange: defaultsOf(config).allowsAuthorityChange, isZoneOnline: () => false,
    certificateBackends: new Map([["builtin", builtinBackend], ["provided", providedBackend(providedPairCheck(store))]]),
  });
  const planner = createPlanner({ policyKinds: targetRefKinds(kinds), kindOf: (name) => kinds.byName(name), shapers: routeShapers });
  const sealer = createSealer();
  const pipeline = createPipeline(envoyPolicies, sealer);
  const settings = { internalCidrs: config.get("ipam.knownInternalCIDRs"), serviceVipPort: config.get("dnsServer.serviceVipPort"), dnsDomain: config.get("dnsServer.domain"), spireSocketPath: config.get("runtime.universal.spire.socketPath") };
  const meshes = followMeshes({ store, kinds: kinds.all, zone: place.zone, settings, clock: platform.clock, minGapMs: 20 });
  const instanceId = `${hostname()}-${platform.random.uuid().slice(0, 4)}`;
  const status = metrics.measuredStatus(trackProxies({
    door, platform, instanceId, flushIntervalMs: config.get("xdsServer.dataplaneStatusFlushInterval"), subscriptionLimit: config.get("metrics.dataplane.subscriptionLimit"),
  }));
  let isRunning = true;
  const identities = identityAuthorities({ store, door, platform, zone: place.zone, env: environment });
  const meshAuthorities = storedAuthorities(store, platform);
  const authorities = joinAuthorities(meshAuthorities, identities);
  const adminTls = adminTlsOf(store, platform);
  const xds = xdsServer({
    planner, pipeline, sealer, meshes, status, instanceId, platform,
    authorities,
    adminTls,
    ...anchorsOf(certificates.tls("dpServer").source),
    onIssued({ proxy, mesh, address, identity }) {
      metrics.certificateIssued(mesh);
      credentials.audit(issueEvent(proxy, address, identity));
    },
    onGenerated: (spentMs, isChanged) => metrics.generated(spentMs, isChanged),
    door: openProxyDoor({
      store, door, kinds, platform, zone: place.zone, authentication: credentials.proxies, sessions: credentials.sessions, audit: credentials.audit,
      deregistrationDelayMs: config.get("xdsServer.dataplaneDeregistrationDelay"), isRunning: () => isRunning,
    }),
  });
  const inspect = openInspection({ planner, pipeline, kinds, store, meshes, status, authorities, access: credentials.access });
  const envoyAdmin = openEnvoyAdmin({ store, access: credentials.access, platform });
  const health = openHealth({ config, store, door, platform, credentials, zone: place.zone });
  const tokens = openTokenDesk({
    store, keys: credentials.keys, access: credentials.access, platform, maxValidForMs: defaultsOf(config).maxTokenLifeMs, defaultValidForMs: defaultsOf(config).tokenLifeMs,
    mayIssueDataplane: config.get("dpServer.authn.dpProxy.dpToken.enableIssuer"), mayIssueZone: config.get("dpServer.authn.zoneProxy.zoneToken.enableIssuer"),
    mayIssueUser: config.get("apiServer.authn.type") === "tokens" ? config.get("apiServer.authn.tokens.enableIssuer") : undefined,
  });
  /** Filled as servers open. */
  const listeners: (() => readonly LiveConnection[])[] = [
    () => xds.streams().map((it) => ({ channel: "dpServer", protocol: "ads", ...it })),
    () => (health?.streams() ?? []).map((it) => ({ channel: "dpServer", protocol: "hds", ...it })),
  ];
  const trust = openTrust({ store, certificates, authorities, sessions: credentials.sessions, live: () => listeners.flatMap((it) => it()), platform });
  const about = {
    hostname: hostname(), instanceId, version, gui: "",
    clusterId: () => (store.get({ type: "Config", mesh: "", name: "kuma-cluster-id" })?.spec as StoredConfig | undefined)?.config ?? "",
    config(user: { readonly name: string; readonly groups: readonly string[] }) {
      credentials.access.require("controlPlaneMetadata", user);
      return printConfig(config);
    },
    trust(user: { readonly name: string; readonly groups: readonly string[] }) {
      credentials.access.require("controlPlaneMetadata", user);
      return trust.document();
    },
  };
  metrics.describe({ store, kinds, version, instanceId, clusterId: about.clusterId, xdsStreams: () => xds.connected(), hdsStreams: () => health?.streams().length ?? 0 });
  const parts = runParts([defaultsPart({ config, store, door, kinds, place, keys: credentials.keys, platform }), ...controllerParts({ config, store, door, kinds, place, platform, identities, shownIds: xds.shownIds })], platform, {
    baseBackoffMs: config.get("general.resilientComponentBaseBackoff"), maxBackoffMs: config.get("general.resilientComponentMaxBackoff"),
  });
  const closers: (() => unknown)[] = [() => store.close(), () => certificates.close(), () => credentials.close(), () => trust.close(), () => adminTls.close(), () => identities.close(), () => meshAuthorities.close(), () => xds.close(), () => meshes.close(), () => health?.close(), () => parts.stop()];
  const stop = async () => {
    isRunning = false;
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    const dp = await openDpServer({ config, store, kinds, credentials, tls: certificates.tls("dpServer"), calls: metrics.measuredCalls(new Map([...xds.calls, ...(health?.calls ?? [])])), platform, zone: place.zone });
    closers.push(() => dp.close());
    const api = await openApiServer({ config, store, door: warnOfUnapplied(door), kinds, place, access, credentials, tokens, about, inspect, envoyAdmin, onAnswer: (answer) => metrics.answered(answer), tls: certificates.tls("apiServer.https"), platform });
    closers.push(() => api.close());
    listeners.push(() => api.connections());
    const diagnostics = await openDiagnostics({ config, credentials, levels, isReady: () => isRunning, tls: certificates.tls("diagnostics"), platform });
    closers.push(() => diagnostics.close());
    const mads = await openMadsServer({ config, store, meshes, kinds, credentials, tls: certificates.tls("monitoringAssignmentServer"), platform });
    closers.push(() => mads?.close());
    for (const [channel, its] of [["diagnostics", diagnostics], ["monitoringAssignmentServer", mads]] as const) listeners.push(() => (its?.connections() ?? []).map((it) => ({ channel, protocol: "http", ...it })));
    log.info("control plane is ready", { version, zone: place.zone, dpServer: dp.port, http: api.httpPort, https: api.httpsPort, diagnostics: diagnostics.port, mads: mads?.port, instanceId });
    return { ports: { http: api.httpPort, https: api.httpsPort, dp: dp.port, diagnostics: diagnostics.port, mads: mads?.port }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Only a certificate that the control plane makes for itself has anchors to tell of. */
function anchorsOf(source: KeyPairSource) {
  if (!source.anchors) return {};
  let current = { anchorsPem: source.anchors() };
  const now = () => {
    const anchorsPem = source.anchors?.() ?? "";
    if (anchorsPem !== current.anchorsPem) current = { anchorsPem };
    return current;
  };
  return { anchors: { current: now, onChange: (listener: () => void) => source.onChange(listener) } };
}

const placeOf = (config: Config): Place => ({
  mode: "zone", zone: config.get("multizone.zone.name"), federated: false, environment: "universal",
  systemNamespace: config.get("store.kubernetes.systemNamespace"), disableOriginLabelValidation: config.get("multizone.zone.disableOriginLabelValidation"),
});

/** Policies and newer core kinds can be switched off; then they have no route at all. */
function enabledKinds(config: Config): Kinds {
  const switchable = new Set(["hostnamegenerators", "meshexternalservices", "meshidentities", "meshmultizoneservices", "meshopentelemetrybackends", "meshservices", "meshtrusts", "meshzoneaddresses", "workloads"]);
  const core = config.get("coreResources.enabled");
  const policies = config.get("policies.pluginPoliciesEnabled");
  const mesh = defaultsOf(config).allowsAuthorityChange ? meshKind : meshKindWithOneAuthority;
  return kindsOf([...coreKinds.map((kind) => (kind === meshKind ? mesh : kind)).filter((kind) => !switchable.has(kind.path) || core.includes(kind.path)), ...policyKinds.filter((kind) => policies.includes(kind.path))].map(withNativeChecks));
}

const isTargetRefKind = (kind: Kind): kind is SpecKind => kind.shape === "spec" && kind.policy?.isTargetRef === true;

const targetRefKinds = (kinds: Kinds): readonly SpecKind[] => kinds.all.filter(isTargetRefKind).toSorted((a, b) => (a.policy?.order ?? 0) - (b.policy?.order ?? 0));
