// POST /bootstrap: checks who asks and what it trusts, then hands out Envoy's bootstrap document (spec/security.md 2.2).
import { dump } from "js-yaml";
import type { HttpRequest, HttpResponse } from "#grpc";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { Dataplane_Networking_Gateway_GatewayType as GatewayType } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { Mesh_MeshServices_Mode as ServicesMode } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { feature, identifyingService } from "#mesh";
import type { Log } from "#platform";
import { failureOf, invalid, KumaError, violation, type Resource } from "#resources";
import { hostName } from "./address.ts";
import { bootstrapDocument } from "./document.ts";
import { bootstrapRequestSchema, type BootstrapRequest, type BootstrapResponse } from "./request.ts";

export interface BootstrapSettings {
  /** Empty: the name the proxy called us by. */
  readonly xdsHost: string;
  readonly xdsPort: number;
  readonly xdsConnectTimeout: string;
  readonly maxReceiveMessageBytes: number;
  readonly adminAddress: string;
  readonly adminPort: number;
  readonly adminOverSocket: boolean;
  readonly adminAccessLogPath: string;
  readonly isHdsEnabled: boolean;
  readonly usesReloadableTokens: boolean;
  readonly maxDownstreamConnections: number;
  readonly corefileTemplate: string;
}

export type ProxyType = "dataplane" | "ingress" | "egress";

/** What the door needs from the rest: handed in by main. */
export interface BootstrapParts {
  readonly settings: BootstrapSettings;
  /** Whether a proxy of this type must bring a token. */
  needsToken(type: ProxyType): boolean;
  /** Rejects with an `unauthenticated` KumaError, or an `unavailable` one when the signing key does not exist yet. */
  authenticate(type: ProxyType, token: string, resource: Resource, address: string): Promise<void>;
  /** The proxy's own resource, parsed and validated; a KumaError says what is wrong with it. */
  parseResource(text: string, type: ProxyType): Resource;
  findResource(type: ProxyType, mesh: string, name: string): Resource | undefined;
  findMesh(name: string): Resource<Mesh> | undefined;
  /** Names and addresses of the certificate this server shows. */
  serverNames(): { readonly dns: readonly string[]; readonly ips: readonly string[] };
  /** The control plane's own certificate file: leaf and authority. */
  ownCa(): string;
  /** True when any certificate of the bundle may sign others. Throws for text that is no PEM certificate. */
  isAuthorityBundle(pem: string): boolean;
  readonly log: Log;
}

const pageNotFound: HttpResponse = { status: 404, headers: { "content-type": "text/plain; charset=utf-8" }, body: "404: Page Not Found" };

/** Answers every HTTP request of the port for data plane proxies. */
export function bootstrapHandler(parts: BootstrapParts): (request: HttpRequest) => Promise<HttpResponse> {
  return async (request) => {
    if (request.path.split("?")[0] !== "/bootstrap") return pageNotFound;
    let facts: BootstrapRequest;
    try {
      facts = bootstrapRequestSchema.parse(JSON.parse(request.body.toString("utf8")));
    } catch {
      return { status: 400, headers: {}, body: "" };
    }
    try {
      return await answer(facts, request, parts);
    } catch (error) {
      // Only names are logged: the request carries a token.
      parts.log.info("bootstrap refused", { mesh: facts.mesh, name: facts.name, address: request.remoteAddress, error });
      return refusal(error);
    }
  };
}

function refusal(error: unknown): HttpResponse {
  const failure = failureOf(error);
  const status = !failure ? 500 : failure.is === "not-found" ? 404 : failure.is === "invalid" ? 422 : failure.is === "unauthenticated" || failure.is === "denied" ? 401 : failure.is === "unavailable" ? 503 : 400;
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body: status === 404 || status === 500 ? "" : (failure?.message ?? "") };
}

const proxyTypes: ReadonlyMap<string, ProxyType> = new Map([["", "dataplane"], ["dataplane", "dataplane"], ["ingress", "ingress"], ["egress", "egress"]]);

async function answer(request: BootstrapRequest, http: HttpRequest, parts: BootstrapParts): Promise<HttpResponse> {
  const type = proxyTypes.get(request.proxyType);
  if (!type) throw invalid([violation("proxyType", `"${request.proxyType.slice(0, 50)}" is not one of dataplane, ingress, egress`)]);
  const needsToken = parts.needsToken(type);
  if (needsToken && !request.dataplaneToken && !request.dataplaneTokenPath) throw invalid([violation("", tokenMissing)]);
  const host = hostName(String(http.headers[":authority"] ?? http.headers.host ?? ""));
  if (!parts.settings.xdsHost) checkHost(host, parts.serverNames());
  const brought = request.dataplaneResource ? parts.parseResource(request.dataplaneResource, type) : undefined;
  const mesh = brought?.mesh ?? request.mesh;
  const name = brought?.name ?? request.name;
  const stored = parts.findResource(type, type === "dataplane" ? mesh : "", name);
  // Whoever brings no good token learns nothing of what exists: the token is checked before anything is looked up for it.
  if (needsToken) await parts.authenticate(type, request.dataplaneToken ?? "", brought ?? stored ?? placeholder(type, mesh, name), http.remoteAddress);
  if (type === "dataplane" && !parts.findMesh(mesh)) throw invalid([violation("mesh", `mesh "${mesh}" does not exist`)]);
  const resource = brought ?? stored;
  if (!resource) throw new KumaError({ is: "not-found", message: `${type} "${name}" not found` });
  return document(request, http, host, type, resource, parts);
}

const placeholder = (type: ProxyType, mesh: string, name: string): Resource => ({
  type: type === "dataplane" ? "Dataplane" : type === "ingress" ? "ZoneIngress" : "ZoneEgress", mesh, name, labels: {}, spec: {}, creationTime: 0, modificationTime: 0, version: 0,
});

function document(request: BootstrapRequest, http: HttpRequest, host: string, type: ProxyType, resource: Resource, parts: BootstrapParts): HttpResponse {
  const { settings } = parts;
  const caPem = request.caCert || parts.ownCa();
  checkCa(caPem, parts);
  const features = new Set(request.features ?? []);
  const credentialsDir = features.has(feature.watchedCredentials) ? request.credentialsDir : "";
  const dataplane = type === "dataplane" ? (resource as Resource<Dataplane>) : undefined;
  const networking = (resource.spec as { networking?: { admin?: { port?: number }; address?: string } }).networking;
  const adminPort = networking?.admin?.port || settings.adminPort;
  const mesh = dataplane && parts.findMesh(dataplane.mesh);
  const yaml = dump(
    bootstrapDocument({
      request: { ...request, mesh: resource.mesh, name: resource.name },
      proxyType: type,
      nodeId: `${resource.mesh}.${resource.name}`,
      nodeCluster: dataplane ? identifyingService(dataplane) : type,
      xdsHost: settings.xdsHost || host,
      xdsPort: settings.xdsPort,
      xdsConnectTimeout: settings.xdsConnectTimeout,
      maxReceiveMessageBytes: settings.maxReceiveMessageBytes,
      caPem,
      adminPort,
      adminAddress: settings.adminAddress,
      adminOverSocket: settings.adminOverSocket && request.workdir !== "",
      adminAccessLogPath: settings.adminAccessLogPath,
      isHdsEnabled: settings.isHdsEnabled && type === "dataplane",
      usesReloadableTokens: settings.usesReloadableTokens && Boolean(request.dataplaneTokenPath) && !credentialsDir,
      credentialsDir,
      isGateway: dataplane?.spec.networking?.gateway?.type === GatewayType.BUILTIN,
      maxDownstreamConnections: settings.maxDownstreamConnections,
      isUnified: features.has(feature.unifiedNaming) && (!mesh || mesh.spec.meshServices?.mode === ServicesMode.Exclusive),
      usesDelta: features.has(feature.deltaGrpc),
    }),
    { sortKeys: true, lineWidth: -1, noRefs: true },
  );
  if (http.headers.accept !== "application/json") return { status: 200, headers: { "content-type": "text/x-yaml" }, body: yaml };
  const body: BootstrapResponse = {
    bootstrap: Buffer.from(yaml).toString("base64"),
    kumaSidecarConfiguration: {
      networking: { ...(settings.corefileTemplate ? { corefileTemplate: Buffer.from(settings.corefileTemplate).toString("base64") } : {}), address: networking?.address ?? "" },
      ...(credentialsDir ? { controlPlane: { names: [settings.xdsHost || host], caPem } } : {}),
      metrics: {},
    },
  };
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

const tokenMissing =
  "Dataplane Token is required. Generate token using 'kumactl generate dataplane-token > /path/file' and provide it via --dataplane-token-file=/path/file argument to Kuma DP";

function checkHost(host: string, names: { readonly dns: readonly string[]; readonly ips: readonly string[] }): void {
  const known = [...names.dns, ...names.ips];
  if (known.some((it) => it.toLowerCase() === host.toLowerCase())) return;
  const message = [
    `A data plane proxy is trying to connect to the control plane using "${host}" address, but the certificate in the control plane has the following SANs ${JSON.stringify(known)}. Either change the --cp-address in kuma-dp to one of those or execute the following steps:`,
    "1) Generate a new certificate with the address you are trying to use. It is recommended to use trusted Certificate Authority, but you can also generate self-signed certificates using 'kumactl generate tls-certificate --type=server --hostname=...'",
    "2) Set KUMA_GENERAL_TLS_CERT_FILE and KUMA_GENERAL_TLS_KEY_FILE or the equivalent in Kuma CP config file to the new certificate.",
    "3) Restart the control plane to read the new certificate and start kuma-dp.",
  ].join("\n");
  throw new KumaError({ is: "bad-request", message });
}

function checkCa(pem: string, parts: BootstrapParts): void {
  let isAuthority = false;
  try {
    isAuthority = parts.isAuthorityBundle(pem);
  } catch {
    throw new KumaError({ is: "bad-request", message: "the CA given to the data plane proxy is not a PEM certificate; check --ca-cert-file or KUMA_CONTROL_PLANE_CA_CERT" });
  }
  if (isAuthority) return;
  const message =
    "A data plane proxy is trying to verify the control plane using the certificate which is not a certificate authority (basic constraint 'CA' is set to 'false').\n" +
    "Provide CA that was used to sign a certificate used in the control plane by using 'kuma-dp run --ca-cert-file=file' or via KUMA_CONTROL_PLANE_CA_CERT_FILE";
  throw new KumaError({ is: "bad-request", message });
}
