// kuma-dp's settings: flag over environment over default; no file (spec/dataplane.md 2.2, spec/security.md 11).
import { parseDuration } from "#platform";
import { badRequest } from "#resources";

export interface Setting {
  /** Without dashes; empty when only the environment can set it. */
  readonly flag: string;
  readonly short?: string;
  readonly env: string;
  readonly fallback: string;
  readonly help: string;
  readonly isBoolean?: boolean;
  readonly isSecret?: boolean;
  /** Of the flag's value; a text when absent. */
  readonly type?: "duration" | "uint32" | "stringArray";
  /** What to use instead. */
  readonly deprecated?: string;
}

const setting = (flag: string, env: string, fallback: string, help: string, more: Partial<Setting> = {}): Setting => ({ flag, env, fallback, help, ...more });

export const settings = {
  cpAddress: setting("cp-address", "KUMA_CONTROL_PLANE_URL", "https://localhost:5678", "URL of the control plane"),
  caCertFile: setting("ca-cert-file", "KUMA_CONTROL_PLANE_CA_CERT_FILE", "", "PEM file of the CA that signed the control plane's certificate"),
  caCert: setting("", "KUMA_CONTROL_PLANE_CA_CERT", "", "the same as PEM text; wins over the file"),
  skipVerify: setting("skip-verify", "KUMA_CONTROL_PLANE_TLS_SKIP_VERIFY", "false", "do not verify the control plane (dangerous)", { isBoolean: true }),
  retryBackoff: setting("", "KUMA_CONTROL_PLANE_RETRY_BACKOFF", "3s", "time between two attempts to reach the control plane"),
  retryMaxDuration: setting("", "KUMA_CONTROL_PLANE_RETRY_MAX_DURATION", "5m", "after that kuma-dp gives up"),
  name: setting("name", "KUMA_DATAPLANE_NAME", "", "name of the Dataplane"),
  mesh: setting("mesh", "KUMA_DATAPLANE_MESH", "", "mesh of the Dataplane"),
  proxyType: setting("proxy-type", "KUMA_DATAPLANE_PROXY_TYPE", "dataplane", "dataplane, ingress or egress"),
  drainTime: setting("drain-time", "KUMA_DATAPLANE_DRAIN_TIME", "30s", "time for connections to end on shutdown", { type: "duration" }),
  readinessPort: setting("", "KUMA_READINESS_PORT", "", "port of /ready; 9902, or a free one when that is taken"),
  binaryPath: setting("binary-path", "KUMA_DATAPLANE_RUNTIME_BINARY_PATH", "envoy", "Envoy's executable"),
  configDir: setting("config-dir", "KUMA_DATAPLANE_RUNTIME_CONFIG_DIR", "", "older form of --work-dir", { deprecated: "use --work-dir" }),
  workDir: setting("work-dir", "KUMA_DATAPLANE_RUNTIME_WORK_DIR", "", "folder for Envoy's configuration and sockets; temporary when empty"),
  socketDir: setting("", "KUMA_DATAPLANE_RUNTIME_SOCKET_DIR", "", "deprecated: folder for sockets"),
  concurrency: setting("concurrency", "KUMA_DATAPLANE_RUNTIME_CONCURRENCY", "0", "number of Envoy's worker threads; 0 takes the CPUs it may use", { type: "uint32" }),
  tokenFile: setting("dataplane-token-file", "KUMA_DATAPLANE_RUNTIME_TOKEN_PATH", "", "file with the token of the data plane proxy"),
  token: setting("dataplane-token", "KUMA_DATAPLANE_RUNTIME_TOKEN", "", "the token itself", { isSecret: true }),
  resource: setting("dataplane", "KUMA_DATAPLANE_RUNTIME_RESOURCE", "", "Dataplane as YAML or JSON text"),
  resourceFile: setting("dataplane-file", "KUMA_DATAPLANE_RUNTIME_RESOURCE_PATH", "", "file with the Dataplane; - is standard input", { short: "d" }),
  envoyLogLevel: setting("envoy-log-level", "KUMA_DATAPLANE_RUNTIME_ENVOY_LOG_LEVEL", "", "Envoy's log level; kuma-dp's when empty"),
  envoyComponentLogLevel: setting("envoy-component-log-level", "KUMA_DATAPLANE_RUNTIME_ENVOY_COMPONENT_LOG_LEVEL", "", "log levels of parts of Envoy"),
  maxMemoryBytes: setting("", "KUMA_DATAPLANE_RESOURCES_MAX_MEMORY_BYTES", "0", "memory Envoy may use; the cgroup's limit when 0"),
  metricsCertPath: setting("metrics-cert-path", "KUMA_DATAPLANE_RUNTIME_METRICS_CERT_PATH", "", "certificate of the metrics listener"),
  metricsKeyPath: setting("metrics-key-path", "KUMA_DATAPLANE_RUNTIME_METRICS_KEY_PATH", "", "key of the metrics listener"),
  systemCaPath: setting("", "KUMA_DATAPLANE_RUNTIME_DYNAMIC_SYSTEM_CA_PATH", "", "the system's CA bundle; looked for when empty"),
  spireSupported: setting("", "KUMA_DATAPLANE_RUNTIME_SPIRE_SUPPORTED", "false", "SPIRE's agent can be reached by this proxy", { isBoolean: true }),
  spireSocketPath: setting("", "KUMA_DATAPLANE_RUNTIME_SPIRE_SOCKET_PATH", "", "where SPIRE's agent listens; as the control plane says when empty"),
  transparentProxy: setting("transparent-proxy", "KUMA_DATAPLANE_RUNTIME_TRANSPARENT_PROXY", "false", "the host redirects traffic to this proxy", { isBoolean: true }),
  bindOutbounds: setting("bind-outbounds", "KUMA_DATAPLANE_RUNTIME_BIND_OUTBOUNDS", "false", "bind every virtual IP of the mesh", { isBoolean: true }),
  xdsVariant: setting("", "KUMA_DATAPLANE_RUNTIME_ENVOY_XDS_TRANSPORT_PROTOCOL_VARIANT", "", "GRPC or DELTA_GRPC"),
  unifiedNaming: setting("", "KUMA_DATAPLANE_RUNTIME_UNIFIED_RESOURCE_NAMING_ENABLED", "false", "unified names of Envoy resources", { isBoolean: true }),
  ipv6Enabled: setting("", "KUMA_DATAPLANE_RUNTIME_IPV6_ENABLED", "true", "use IPv6 where the host has it", { isBoolean: true }),
  strictInboundPorts: setting("", "KUMA_DATAPLANE_RUNTIME_STRICT_INBOUND_PORTS_ENABLED", "true", "with strict mTLS only declared ports are passed on", { isBoolean: true }),
  reusePort: setting("", "KUMA_DATAPLANE_RUNTIME_REUSE_PORT_ENABLED", "true", "each of Envoy's workers has its own listening socket", { isBoolean: true }),
  hostIp: setting("", "HOST_IP", "", "address of the host, told to the control plane"),
} as const;

export type SettingName = keyof typeof settings;
export type Settings = Readonly<Record<SettingName, string>>;

/** Flags and variables of features that are not built yet: accepted, and named once when they are set. */
export const acceptedFlags: readonly Setting[] = [
  setting("transparent-proxy-config", "", "", "configuration of the transparent proxy", { type: "stringArray" }),
  setting("dns-enabled", "KUMA_DNS_ENABLED", "true", "serve names of the mesh", { isBoolean: true }),
  setting("", "KUMA_DNS_PROXY_PORT", "0", "port of the embedded DNS server"),
  setting("dns-coredns-port", "KUMA_DNS_CORE_DNS_PORT", "15053", "port of CoreDNS", { type: "uint32" }),
  setting("dns-envoy-port", "KUMA_DNS_ENVOY_DNS_PORT", "15054", "port of Envoy's DNS filter", { type: "uint32" }),
  setting("dns-coredns-path", "KUMA_DNS_CORE_DNS_BINARY_PATH", "coredns", "CoreDNS' executable"),
  setting("dns-coredns-config-template-path", "KUMA_DNS_CORE_DNS_CONFIG_TEMPLATE_PATH", "", "template of CoreDNS' configuration"),
  setting("dns-server-config-dir", "KUMA_DNS_CONFIG_DIR", "", "folder of CoreDNS' configuration"),
  setting("dns-prometheus-port", "KUMA_DNS_PROMETHEUS_PORT", "19153", "port of CoreDNS' metrics", { type: "uint32" }),
  setting("dns-enable-logging", "KUMA_DNS_ENABLE_LOGGING", "false", "log every query", { isBoolean: true }),
  setting("", "KUMA_APPLICATION_PROBE_PROXY_PORT", "0", "port of the application probe proxy"),
];

/** `flags` holds what the command line set. */
export function readSettings(flags: Readonly<Record<string, string | boolean | undefined>>, env: Readonly<Record<string, string | undefined>>): Settings {
  const values = Object.entries(settings).map(([name, it]: [string, Setting]) => {
    const flag = it.flag ? flags[it.flag] : undefined;
    const text = flag === undefined ? env[it.env] : String(flag);
    return [name, text === undefined || text === "" ? it.fallback : text];
  });
  return checked(Object.fromEntries(values) as Settings);
}

function checked(values: Settings): Settings {
  for (const name of ["drainTime", "retryBackoff", "retryMaxDuration"] as const) {
    const ms = parseDuration(values[name]);
    if (ms === undefined || ms <= 0) throw badRequest(`${describe(name)} must be a positive duration such as 30s, not "${values[name]}"`);
  }
  if (!["dataplane", "ingress", "egress"].includes(values.proxyType)) throw badRequest(`${describe("proxyType")} must be dataplane, ingress or egress, not "${values.proxyType}"`);
  if (values.readinessPort && !/^([1-9]\d{0,4})$/.test(values.readinessPort)) throw badRequest(`${describe("readinessPort")} must be a port (1 to 65535), not "${values.readinessPort}"`);
  return values;
}

const describe = (name: SettingName): string => (settings[name].flag ? `--${settings[name].flag}` : settings[name].env);

export const isOn = (text: string): boolean => ["1", "t", "T", "true", "TRUE", "True"].includes(text);
export const durationOf = (text: string): number => parseDuration(text) ?? 0;

/** The effective settings for the log: tokens and PEM left out. */
export function printableSettings(values: Settings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === "" ? [] : [[name, name === "token" ? "[redacted]" : name === "caCert" ? `${value.length} bytes of PEM` : name === "resource" ? `${value.length} bytes` : value]])),
  );
}
