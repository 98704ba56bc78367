// kuma-dp run: fetch the bootstrap document, start Envoy, watch over it, drain it on the way out (spec/dataplane.md 2.3, 2.7).
import { mkdir, mkdtemp, chmod, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { socketPath, type BootstrapRequest } from "#bootstrap/client";
import { sleep, type Platform } from "#platform";
import { badRequest } from "#resources";
import { httpClient, type HttpClient } from "#security";
import { streamAccessLogs } from "./access-log/stream.ts";
import { fetchBootstrap } from "./bootstrap.ts";
import { controlPlaneCa, type ControlPlaneCa } from "./ca.ts";
import { durationOf, isOn, printableSettings, type Settings } from "./config.ts";
import { keepCredentials } from "./envoy/credentials.ts";
import { findEnvoy, type EnvoyBinary } from "./envoy/binary.ts";
import { followDocuments } from "./dynamic-config/follow.ts";
import { startEnvoy } from "./envoy/process.ts";
import { hasIPv6, memoryLimit, systemCaBundle } from "./host.ts";
import { serveMetrics } from "./metrics/server.ts";
import { serveReadiness, type Readiness } from "./readiness/server.ts";
import { proxyResource, type ProxyResource } from "./resource.ts";
import { readToken, tokenPath } from "./token.ts";

export interface RunOptions {
  readonly settings: Settings;
  readonly dataplaneVars: readonly string[];
  readonly logLevel: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly execPath: string;
  readonly platform: Platform;
  /** The first aborts gently (drain), the second at once. */
  readonly stop: AbortSignal;
  readonly stopNow: AbortSignal;
  /** Called on SIGUSR2: drain inbound listeners, keep running. */
  readonly onDrainRequest: (drain: () => void) => void;
}

export const version = { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "", buildDate: "" } as const;

const documentIntervalMs = 1000;

export async function run(options: RunOptions): Promise<void> {
  const { settings, platform } = options;
  const log = platform.log;
  log.info("effective configuration", { config: printableSettings(settings) });
  const resource = await proxyResource(settings, options.dataplaneVars);
  const { name, mesh } = identityOf(settings, resource);
  const ca = await controlPlaneCa(settings, log);
  const isTemporary = !(settings.workDir || settings.configDir);
  const workDir = await openWorkDir(settings);
  const closers: (() => Promise<unknown> | void)[] = isTemporary ? [() => rm(workDir, { recursive: true, force: true })] : [];
  try {
    const path = await tokenPath(settings, workDir, name);
    if (path) await readToken(path);
    const envoy = await findEnvoy(settings.binaryPath, options.env, options.execPath);
    if (!envoy.isCompatible) log.warn("this Envoy is not the version kuma-dp was built for", { version: envoy.version });
    const readiness = await serveReadiness(Number(settings.readinessPort || 0), platform);
    closers.push(() => readiness.close());
    const client = controlPlaneClient(settings, ca, options);
    closers.push(() => client.close());
    const { yaml, address, trust } = await fetchBootstrap({
      client, platform, backoffMs: durationOf(settings.retryBackoff), maxDurationMs: durationOf(settings.retryMaxDuration), signal: options.stop,
      mayTrustLater: ca.isFollowed,
      request: async () => {
        await ca.refresh();
        return bootstrapRequest({ settings, name, mesh, resource, caPem: ca.current(), workDir, envoy, readinessPort: readiness.port, path });
      },
    });
    const credentials = await keepCredentials({ folder: workDir, trust, ca, caFile: settings.caCertFile, tokenFile: path, platform });
    closers.push(() => credentials.close());
    const sockets = settings.socketDir || workDir;
    const admin = adminClient(yaml, sockets);
    const metrics = await serveMetrics({ socketPath: socketPath(sockets, `kuma-mh-${name}-${mesh}`), admin, address, platform });
    closers.push(() => admin.close(), () => metrics.close());
    // Zone proxies have no policies that log.
    if (settings.proxyType === "dataplane") closers.push(await streamAccessLogs({ fifo: socketPath(sockets, `kuma-al-${name}-${mesh}`), platform }));
    closers.push(followDocuments({ socketPath: socketPath(sockets, "kuma-mesh-metric-config"), intervalMs: documentIntervalMs, handlers: new Map<string, (body: string) => void | Promise<void>>([["/meshmetric", (body) => metrics.configure(body)], ["/anchors", (body) => credentials.announce(body)]]), platform }));
    await superviseEnvoy(options, { yaml, workDir, envoy, readiness });
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

function identityOf(settings: Settings, resource: ProxyResource | undefined): { readonly name: string; readonly mesh: string } {
  if (resource && (settings.name || settings.mesh)) {
    throw badRequest("--name and --mesh cannot be specified when a dataplane definition is provided, mesh and name will be read from the dataplane definition");
  }
  const name = resource?.name ?? settings.name;
  const mesh = resource?.mesh ?? settings.mesh;
  if (!name) throw badRequest("--name is required, or a Dataplane with --dataplane-file");
  if (!mesh && settings.proxyType === "dataplane") throw badRequest("--mesh is required, or a Dataplane with --dataplane-file");
  return { name, mesh };
}

async function openWorkDir(settings: Settings): Promise<string> {
  const configured = settings.workDir || settings.configDir;
  if (configured) {
    await mkdir(configured, { recursive: true, mode: 0o711 });
    return configured;
  }
  const folder = await mkdtemp(join(tmpdir(), "kuma-dp-"));
  await chmod(folder, 0o711);
  return folder;
}

function controlPlaneClient(settings: Settings, ca: ControlPlaneCa, { env, platform }: RunOptions): HttpClient {
  if (isOn(settings.skipVerify)) platform.log.warn("[WARNING] the control plane is not verified (--skip-verify): anybody on the way can pose as it and read the token");
  return httpClient({
    url: settings.cpAddress, timeoutMs: 10_000, userAgent: `kuma-dp/${version.version}`, environment: env,
    ...(ca.current() ? { caPem: () => ca.current() } : {}),
    caOption: "--ca-cert-file (KUMA_CONTROL_PLANE_CA_CERT_FILE)",
    ...(isOn(settings.skipVerify) ? { skipVerify: { iUnderstandThatTheServerIsNotVerified: true as const } } : {}),
  });
}

interface RequestFacts {
  readonly settings: Settings;
  readonly name: string;
  readonly mesh: string;
  readonly resource: ProxyResource | undefined;
  readonly caPem: string;
  readonly workDir: string;
  readonly envoy: EnvoyBinary;
  readonly readinessPort: number;
  readonly path: string | undefined;
}

async function bootstrapRequest(facts: RequestFacts): Promise<Partial<BootstrapRequest>> {
  const { settings, path, envoy } = facts;
  const limit = Number(settings.maxMemoryBytes) || (await memoryLimit());
  return {
    mesh: facts.mesh, name: facts.name, proxyType: settings.proxyType, caCert: facts.caPem, workdir: settings.socketDir || facts.workDir, credentialsDir: facts.workDir,
    ...(path ? { dataplaneToken: await readToken(path), dataplaneTokenPath: path } : {}),
    ...(facts.resource ? { dataplaneResource: facts.resource.json } : {}),
    version: { kumaDp: version, envoy: { version: envoy.version, build: envoy.build, kumaDpCompatible: envoy.isCompatible } },
    dynamicMetadata: settings.hostIp ? { HOST_IP: settings.hostIp } : {},
    readinessPort: facts.readinessPort, operatingSystem: "linux", features: featuresOf(settings),
    resources: limit > 0 ? { maxHeapSizeBytes: limit } : {},
    metricsResources: { certPath: settings.metricsCertPath, keyPath: settings.metricsKeyPath },
    systemCaPath: settings.systemCaPath || (await systemCaBundle()),
    ipv6Enabled: isOn(settings.ipv6Enabled) && hasIPv6(),
    spireResources: { socketPath: settings.spireSocketPath },
  };
}

function featuresOf(settings: Settings): string[] {
  const features: readonly (readonly [string, boolean])[] = [
    ["feature-delta-grpc", settings.xdsVariant === "DELTA_GRPC"],
    ["feature-unified-resource-naming", isOn(settings.unifiedNaming)],
    ["feature-strict-inbound-ports", isOn(settings.strictInboundPorts)],
    ["feature-reuse-port", isOn(settings.reusePort)],
    ["feature-bind-outbounds", isOn(settings.bindOutbounds)],
    ["feature-watched-credentials", true],
    ["feature-tcp-accesslog-via-named-pipe", true],
    ["feature-spire", isOn(settings.spireSupported)],
  ];
  return features.flatMap(([name, isEnabled]) => (isEnabled ? [name] : []));
}

interface EnvoyFacts {
  readonly yaml: string;
  readonly workDir: string;
  readonly envoy: EnvoyBinary;
  readonly readiness: Readiness;
}

async function superviseEnvoy(options: RunOptions, { yaml, workDir, envoy, readiness }: EnvoyFacts): Promise<void> {
  const { settings, platform, stop, stopNow } = options;
  const log = platform.log;
  const configPath = join(workDir, "bootstrap.yaml");
  await writeFile(configPath, yaml, { mode: 0o600 });
  await chmod(configPath, 0o600); // an older file keeps its mode on write
  const admin = adminClient(yaml, settings.socketDir || workDir);
  readiness.follow(admin);
  const drainMs = durationOf(settings.drainTime);
  const process = startEnvoy({
    path: envoy.path, configPath, drainSeconds: Math.ceil(drainMs / 1000), logLevel: settings.envoyLogLevel || (options.logLevel === "off" ? "off" : options.logLevel),
    componentLogLevel: settings.envoyComponentLogLevel, concurrency: Number(settings.concurrency) || 0, platform,
  });
  const post = (path: string) => admin.request({ method: "POST", path }).catch((error: unknown) => log.warn("Envoy's admin interface did not answer", { path, error }));
  let isDrained = false;
  options.onDrainRequest(() => {
    isDrained = true;
    void post("/drain_listeners?inboundonly&graceful&skip_exit");
  });
  const stopped = new Promise<undefined>((resolve) => (stop.aborted ? resolve(undefined) : stop.addEventListener("abort", () => resolve(undefined), { once: true })));
  const failure = await Promise.race([process.ended, stopped]);
  try {
    if (failure !== undefined) throw badRequest(failure);
    readiness.terminating();
    if (!isDrained) {
      log.info("draining connections", { drainTime: settings.drainTime });
      await post("/healthcheck/fail");
      await Promise.race([sleep(platform.clock, drainMs, stopNow).catch(() => {}), process.ended]);
    }
  } finally {
    await process.stop();
    admin.close();
  }
}

/** Envoy's admin interface as the document says: a socket file, or a port on loopback. */
function adminClient(yaml: string, workDir: string): HttpClient {
  const port = /socketAddress:\s*\n\s*address: (127\.0\.0\.1|'?::1'?)\s*\n\s*portValue: (\d+)/.exec(yaml.slice(0, yaml.indexOf("defaultRegexEngine")));
  if (port) return httpClient({ url: `http://127.0.0.1:${port[2]}`, timeoutMs: 5000 });
  return httpClient({ url: "http://localhost", socketPath: socketPath(workDir, "kuma-envoy-admin"), timeoutMs: 5000 });
}
