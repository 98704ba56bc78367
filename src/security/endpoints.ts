// Who listens, with which certificate, who may call: every listener of the product. What is not here cannot be opened.

/** `tls`: always; `plain`: never; `by-setting`: the configuration decides; `unix`: a socket file only its owner opens. */
export type Transport = "tls" | "plain" | "by-setting" | "unix";
export type ServerCertificate = "general" | "inter-cp-ca" | "none";
export type Protocol = "http/1.1" | "h2";

/**
 * `proxy-token`: dataplane or zone token, checked by authenticate-proxy. `user`: token, client certificate or direct loopback;
 * anonymous callers reach what access.ts leaves open. `instance-certificate`: a client leaf of inter-cp-ca. `nothing`: answers anybody.
 */
export type Credential = "proxy-token" | "user" | "instance-certificate" | "nothing";

export interface Route {
  /** A path, a path prefix ending in `*`, or a gRPC service. */
  readonly path: string;
  readonly credential: Credential;
}

export interface Endpoint {
  readonly program: "kuma-cp" | "kuma-dp";
  /** Undefined for socket files. */
  readonly defaultPort: number | undefined;
  readonly transport: Transport;
  readonly certificate: ServerCertificate;
  readonly protocols: readonly Protocol[];
  readonly routes: readonly Route[];
}

const api: readonly Route[] = [
  { path: "/", credential: "nothing" },
  { path: "/gui*", credential: "nothing" },
  { path: "/*", credential: "user" },
];

export const endpoints = {
  "dp-server": {
    program: "kuma-cp", defaultPort: 5678, transport: "tls", certificate: "general", protocols: ["h2", "http/1.1"],
    routes: [
      { path: "/bootstrap", credential: "proxy-token" },
      { path: "envoy.service.discovery.v3.AggregatedDiscoveryService", credential: "proxy-token" },
      { path: "envoy.service.health.v3.HealthDiscoveryService", credential: "proxy-token" },
    ],
  },
  "api-http": { program: "kuma-cp", defaultPort: 5681, transport: "plain", certificate: "none", protocols: ["http/1.1"], routes: api },
  "api-https": { program: "kuma-cp", defaultPort: 5682, transport: "tls", certificate: "general", protocols: ["h2", "http/1.1"], routes: api },
  mads: {
    program: "kuma-cp", defaultPort: 5676, transport: "by-setting", certificate: "general", protocols: ["h2", "http/1.1"],
    routes: [{ path: "/v3/discovery:monitoringassignments", credential: "nothing" }],
  },
  diagnostics: {
    program: "kuma-cp", defaultPort: 5680, transport: "by-setting", certificate: "general", protocols: ["http/1.1"],
    routes: [
      { path: "/ready", credential: "nothing" },
      { path: "/healthy", credential: "nothing" },
      { path: "/metrics", credential: "nothing" },
      { path: "/logging*", credential: "user" },
    ],
  },
  "inter-cp": {
    program: "kuma-cp", defaultPort: 5683, transport: "tls", certificate: "inter-cp-ca", protocols: ["h2"],
    routes: [
      { path: "kuma.system.v1alpha1.InterCpPingService", credential: "instance-certificate" },
      { path: "kuma.mesh.v1alpha1.InterCPEnvoyAdminForwardService", credential: "instance-certificate" },
    ],
  },
  "dp-readiness": {
    program: "kuma-dp", defaultPort: 9902, transport: "plain", certificate: "none", protocols: ["http/1.1"],
    routes: [{ path: "/ready", credential: "nothing" }],
  },
  "dp-metrics": {
    program: "kuma-dp", defaultPort: undefined, transport: "unix", certificate: "none", protocols: ["http/1.1"],
    routes: [{ path: "/*", credential: "nothing" }],
  },
  "dp-telemetry": {
    program: "kuma-dp", defaultPort: undefined, transport: "unix", certificate: "none", protocols: ["h2", "http/1.1"],
    routes: [{ path: "/*", credential: "nothing" }],
  },
} as const satisfies Readonly<Record<string, Endpoint>>;

export type EndpointName = keyof typeof endpoints;

/** The entry of a name, also for a name that the type system could not check; undefined when the table has none. */
export function endpointNamed(name: string): Endpoint | undefined {
  return Object.entries(endpoints).find(([it]) => it === name)?.[1];
}
