// Envoy's bootstrap document: where its control plane is, how to trust it, and what it must know of itself (spec/dataplane.md 3).
import { isIP } from "./address.ts";
import { credentialFiles, credentialSecrets, type BootstrapRequest } from "./request.ts";

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Section = { [key: string]: Json };

export interface DocumentInput {
  readonly request: BootstrapRequest;
  readonly proxyType: "dataplane" | "ingress" | "egress";
  readonly nodeId: string;
  /** Name by which the proxy's cluster is known: its service, `ingress` or `egress`. */
  readonly nodeCluster: string;
  readonly xdsHost: string;
  readonly xdsPort: number;
  readonly xdsConnectTimeout: string;
  readonly maxReceiveMessageBytes: number;
  readonly caPem: string;
  /** 0 leaves the admin interface out. */
  readonly adminPort: number;
  readonly adminAddress: string;
  readonly adminOverSocket: boolean;
  readonly adminAccessLogPath: string;
  readonly isHdsEnabled: boolean;
  readonly usesReloadableTokens: boolean;
  /** Folder of the files that kuma-dp keeps up to date; empty for one that does not. */
  readonly credentialsDir: string;
  readonly isGateway: boolean;
  readonly maxDownstreamConnections: number;
  readonly isUnified: boolean;
  readonly usesDelta: boolean;
}

/** Paths of Unix sockets are short: everything before `.sock` is cut at 98 characters (spec/dataplane.md 2.6). */
export const socketPath = (workdir: string, name: string): string => `${`${workdir}/${name}`.slice(0, 98)}.sock`;

export function bootstrapDocument(input: DocumentInput): Section {
  const { request } = input;
  const adsName = input.isUnified ? "system_ads" : "ads_cluster";
  const sinkName = input.isUnified ? "system_access_log_sink" : "access_log_sink";
  const service = grpcService(input, adsName);
  const overload = overloadManager(input);
  return {
    ...(input.adminPort > 0 ? { admin: admin(input) } : {}),
    defaultRegexEngine: { name: "envoy.regex_engines.google_re2", typedConfig: { "@type": type("envoy.extensions.regex_engines.v3.GoogleRE2") } },
    dynamicResources: {
      adsConfig: { apiType: input.usesDelta ? "DELTA_GRPC" : "GRPC", grpcServices: [service], setNodeOnFirstMessageOnly: true, transportApiVersion: "V3" },
      cdsConfig: { ads: {}, initialFetchTimeout: "0s", resourceApiVersion: "V3" },
      ldsConfig: { ads: {}, initialFetchTimeout: "0s", resourceApiVersion: "V3" },
    },
    ...(input.isHdsEnabled ? { hdsConfig: { apiType: "GRPC", grpcServices: [service], setNodeOnFirstMessageOnly: true, transportApiVersion: "V3" } } : {}),
    layeredRuntime: {
      layers: [
        { name: "kuma", staticLayer: { "re2.max_program_size.error_level": 4294967295, "re2.max_program_size.warn_level": 1000 } },
        ...(input.isGateway ? [{ name: "gateway.listeners", rtdsLayer: { name: "gateway.listeners", rtdsConfig: { ads: {}, resourceApiVersion: "V3" } } }] : []),
      ],
    },
    node: { id: input.nodeId, cluster: input.nodeCluster, metadata: metadata(input) },
    ...(overload ? { overloadManager: overload } : {}),
    staticResources: {
      clusters: [
        {
          ...clusterBase(sinkName, input.xdsConnectTimeout, { pipe: { path: socketPath(request.workdir, `kuma-al-${request.name}-${request.mesh}`) } }),
          type: "STATIC",
        },
        ...(input.usesReloadableTokens ? [] : [adsCluster(input, adsName)]),
      ],
      ...(input.credentialsDir ? {} : { secrets: [validationContext(input)] }),
    },
    statsConfig: { statsTags: statsTags.map(([tagName, regex]) => ({ tagName, regex })) },
  };
}

const type = (name: string): string => `type.googleapis.com/${name}`;

function admin({ adminOverSocket, request, adminAddress, adminPort, adminAccessLogPath }: DocumentInput): Section {
  return {
    accessLog: [{ name: "envoy.access_loggers.file", typedConfig: { "@type": type("envoy.extensions.access_loggers.file.v3.FileAccessLog"), path: adminAccessLogPath } }],
    address: adminOverSocket
      ? { pipe: { path: socketPath(request.workdir, "kuma-envoy-admin"), mode: 0o600 } }
      : { socketAddress: { address: adminAddress, portValue: adminPort } },
  };
}

/** How Envoy reaches the control plane: by the cluster below, or by a client that reads its token from a file. */
function grpcService(input: DocumentInput, adsName: string): Section {
  const { request } = input;
  if (!input.usesReloadableTokens) {
    return {
      envoyGrpc: { clusterName: adsName },
      ...(request.dataplaneToken && !input.credentialsDir ? { initialMetadata: [{ key: "authorization", value: request.dataplaneToken }] } : {}),
    };
  }
  return {
    googleGrpc: {
      targetUri: `${input.xdsHost}:${input.xdsPort}`,
      statPrefix: "ads",
      credentialsFactoryName: "envoy.grpc_credentials.file_based_metadata",
      callCredentials: [{
        fromPlugin: {
          name: "envoy.grpc_credentials.file_based_metadata",
          typedConfig: { "@type": type("envoy.config.grpc_credential.v3.FileBasedMetadataConfig"), secretData: { filename: request.dataplaneTokenPath ?? "" } },
        },
      }],
      channelCredentials: { sslCredentials: { rootCerts: { inlineBytes: base64(input.caPem) } } },
      channelArgs: {
        args: {
          "grpc.http2.max_pings_without_data": { intValue: "0" },
          "grpc.keepalive_time_ms": { intValue: "10000" },
          "grpc.keepalive_timeout_ms": { intValue: "30000" },
          "grpc.max_receive_message_length": { intValue: String(input.maxReceiveMessageBytes) },
        },
      },
    },
  };
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function clusterBase(name: string, connectTimeout: string, address: Section, httpFilters: Section[] = []): Section {
  return {
    name,
    connectTimeout,
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [{ endpoint: { address } }] }] },
    typedExtensionProtocolOptions: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": type("envoy.extensions.upstreams.http.v3.HttpProtocolOptions"),
        explicitHttpConfig: { http2ProtocolOptions: {} },
        ...(httpFilters.length > 0 ? { httpFilters } : {}),
      },
    },
    upstreamConnectionOptions: { tcpKeepalive: { keepaliveProbes: 3, keepaliveTime: 10, keepaliveInterval: 10 } },
  };
}

function adsCluster(input: DocumentInput, name: string): Section {
  const trust = input.credentialsDir ? fileSecret(credentialSecrets.trust, credentialFiles(input.credentialsDir).trust, input.credentialsDir) : { name: credentialSecrets.trust };
  const filters = input.credentialsDir && input.request.dataplaneToken ? tokenFilters(input.credentialsDir) : [];
  return {
    ...clusterBase(name, input.xdsConnectTimeout, { socketAddress: { address: input.xdsHost, portValue: input.xdsPort } }, filters),
    type: isIP(input.xdsHost) ? "STATIC" : "STRICT_DNS",
    transportSocket: {
      name: "envoy.transport_sockets.tls",
      typedConfig: {
        "@type": type("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
        sni: input.xdsHost,
        commonTlsContext: { tlsParams: { tlsMinimumProtocolVersion: "TLSv1_2" }, validationContextSdsSecretConfig: trust },
      },
    },
  };
}

const fileSecret = (name: string, path: string, folder: string): Section => ({ name, sdsConfig: { pathConfigSource: { path, watchedDirectory: { path: folder } }, resourceApiVersion: "V3" } });

/** Each request of Envoy's carries the token that its file holds at that time. */
const tokenFilters = (folder: string): Section[] => [
  {
    name: "envoy.filters.http.credential_injector",
    typedConfig: {
      "@type": type("envoy.extensions.filters.http.credential_injector.v3.CredentialInjector"),
      overwrite: true,
      credential: {
        name: "envoy.http.injected_credentials.generic",
        typedConfig: {
          "@type": type("envoy.extensions.http.injected_credentials.generic.v3.Generic"),
          credential: fileSecret(credentialSecrets.token, credentialFiles(folder).token, folder),
          header: "authorization",
        },
      },
    },
  },
  { name: "envoy.filters.http.upstream_codec", typedConfig: { "@type": type("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec") } },
];

function validationContext({ xdsHost, caPem }: DocumentInput): Section {
  return {
    name: credentialSecrets.trust,
    validationContext: {
      matchTypedSubjectAltNames: ["DNS", "IP_ADDRESS"].map((sanType) => ({ sanType, matcher: { exact: xdsHost } })),
      trustedCa: { inlineBytes: base64(caPem) },
    },
  };
}

function metadata(input: DocumentInput): Section {
  const { request } = input;
  const { kumaDp, envoy } = request.version;
  const optional: [string, Json | undefined][] = [
    ["dataplane.resource", request.dataplaneResource],
    ["dataplane.admin.port", input.adminPort > 0 ? String(input.adminPort) : undefined],
    ["dataplane.admin.address", input.adminPort > 0 && !input.adminOverSocket ? input.adminAddress : undefined],
    ["dataplane.admin.socketPath", input.adminPort > 0 && input.adminOverSocket ? socketPath(request.workdir, "kuma-envoy-admin") : undefined],
    ["dataplane.dns.port", request.dnsPort ? String(request.dnsPort) : undefined],
    ["dataplane.readinessReporter.port", request.readinessPort ? String(request.readinessPort) : undefined],
    ["dataplane.appProbeProxy.enabled", request.appProbeProxyDisabled ? "true" : undefined],
    ["dynamicMetadata", request.dynamicMetadata && Object.keys(request.dynamicMetadata).length > 0 ? request.dynamicMetadata : undefined],
    ["transparentProxy", (request.dataplaneConfig as Section | null | undefined) ?? undefined],
    ["otelEnvInventory", (request.otelEnv as Section | null | undefined) ?? undefined],
  ];
  return {
    "dataplane.proxyType": input.proxyType,
    features: [...(request.features ?? [])],
    ipv6Enabled: request.ipv6Enabled,
    metricsCertPath: request.metricsResources?.certPath ?? "",
    metricsKeyPath: request.metricsResources?.keyPath ?? "",
    "spireAgent.socketPath": request.spireResources?.socketPath ?? "",
    systemCaPath: request.systemCaPath,
    version: {
      kumaDp: { version: kumaDp?.version ?? "", gitTag: kumaDp?.gitTag ?? "", gitCommit: kumaDp?.gitCommit ?? "", buildDate: kumaDp?.buildDate ?? "" },
      envoy: { version: envoy?.version ?? "", build: envoy?.build ?? "", ...(envoy?.kumaDpCompatible ? { kumaDpCompatible: true } : {}) },
    },
    workdir: request.workdir,
    ...Object.fromEntries(optional.filter((entry): entry is [string, Json] => entry[1] !== undefined)),
  };
}

function overloadManager({ isGateway, maxDownstreamConnections, request }: DocumentInput): Section | undefined {
  const heapBytes = request.resources?.maxHeapSizeBytes ?? 0;
  if (!isGateway) return undefined;
  const trigger = (action: string, value: number): Section => ({
    name: `envoy.overload_actions.${action}`,
    triggers: [{ name: "envoy.resource_monitors.fixed_heap", threshold: { value } }],
  });
  return {
    refreshInterval: "0.250s",
    ...(heapBytes > 0 ? { actions: [trigger("shrink_heap", 0.95), trigger("stop_accepting_requests", 0.98)] } : {}),
    resourceMonitors: [
      {
        name: "envoy.resource_monitors.global_downstream_max_connections",
        typedConfig: { "@type": type("envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"), maxActiveDownstreamConnections: String(maxDownstreamConnections) },
      },
      ...(heapBytes > 0
        ? [{ name: "envoy.resource_monitors.fixed_heap", typedConfig: { "@type": type("envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig"), maxHeapSizeBytes: String(heapBytes) } }]
        : []),
    ],
  };
}

const statsTags: readonly (readonly [string, string])[] = [
  ["name", "^grpc\\.((.+)\\.)"],
  ["status", "^grpc.*streams_closed(_([0-9]+))"],
  ["kafka_name", "^kafka(\\.(\\S*[0-9]))\\."],
  ["kafka_type", "^kafka\\..*\\.(.*?(?=_duration|$))"],
  ["worker", "(worker_([0-9]+)\\.)"],
  ["listener", "((.+?)\\.)rbac\\."],
];
