// Port 5678: bootstrap and discovery for data plane proxies, HTTP/1.1 and gRPC on one TLS listener.
import { bootstrapHandler } from "#bootstrap";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { http2Server, type GrpcCall } from "#grpc";
import { formatDuration, type Platform } from "#platform";
import { failureOf, KumaError, type Kinds, type Resource } from "#resources";
import { auditingProxy, authenticateProxy, authoritiesOf, feedHttp1, openEndpoint, parseCertificates, type OpenEndpoint, type TlsSettings } from "#security";
import type { Store } from "#store";
import type { Config } from "./config/load.ts";
import type { Credentials } from "./credentials.ts";
import { valueServer } from "./http.ts";
import { allInterfaces } from "./interfaces.ts";
import { identityOf, kindOfProxy, parseProxyResource } from "./proxy-door.ts";

export interface DpServerParts {
  readonly config: Config;
  readonly store: Store;
  readonly kinds: Kinds;
  readonly credentials: Credentials;
  readonly tls: TlsSettings;
  readonly calls: ReadonlyMap<string, (call: GrpcCall) => void>;
  readonly platform: Platform;
  readonly zone: string;
}

const maxBodyBytes = 4 * 1024 * 1024;

export async function openDpServer(parts: DpServerParts): Promise<OpenEndpoint> {
  const { config, platform, tls } = parts;
  const handle = bootstrapHandler({
    settings: {
      xdsHost: config.get("bootstrapServer.params.xdsHost"),
      xdsPort: config.get("bootstrapServer.params.xdsPort") || config.get("dpServer.port"),
      xdsConnectTimeout: formatDuration(config.get("bootstrapServer.params.xdsConnectTimeout")),
      maxReceiveMessageBytes: config.get("bootstrapServer.params.xdsGrpcMaxReceiveMessageBytes"),
      adminAddress: config.get("bootstrapServer.params.adminAddress"),
      adminPort: config.get("bootstrapServer.params.adminPort"),
      adminOverSocket: config.get("bootstrapServer.params.envoyAdminUnixSocket"),
      adminAccessLogPath: config.get("bootstrapServer.params.adminAccessLogPath"),
      isHdsEnabled: config.get("dpServer.hds.enabled") && parts.calls.has("/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck"),
      usesReloadableTokens: config.get("dpServer.authn.enableReloadableTokens"),
      maxDownstreamConnections: config.get("proxy.gateway.globalDownstreamMaxConnections"),
      corefileTemplate: "",
    },
    needsToken: (type) => (type === "dataplane" ? parts.credentials.proxies.dataplanes : parts.credentials.proxies.zoneProxies) !== "none",
    async authenticate(type, token, resource, address) {
      const audited = auditingProxy(parts.credentials.audit, "ask for a bootstrap document", `${type}/${resource.mesh}.${resource.name}`, address);
      try {
        await authenticateProxy(token, identityOf(type, resource, parts), parts.credentials.proxies).catch(audited);
      } catch (error) {
        // A key that does not exist yet may come: the client tries again on 503, and gives up on anything that sounds final.
        if (failureOf(error)?.message.startsWith("there is no signing key")) throw new KumaError({ is: "unavailable", message: failureOf(error)?.message ?? "" }, { cause: error });
        throw error;
      }
    },
    parseResource: (text, type) => ({ ...parseProxyResource(parts.kinds, text, type), version: 0, creationTime: 0, modificationTime: 0 }),
    findResource: (type, mesh, name) => parts.store.get({ type: kindOfProxy(parts.kinds, type).name, mesh, name }),
    findMesh: (name) => parts.store.get({ type: "Mesh", mesh: "", name }) as Resource<Mesh> | undefined,
    serverNames() {
      const { dnsNames, ipAddresses } = tls.source.current();
      return { dns: dnsNames, ips: ipAddresses };
    },
    ownCa: () => tls.source.anchors?.() || authoritiesOf(tls.source.current()) || tls.source.current().certPem,
    isAuthorityBundle: (pem) => parseCertificates(pem, "CA").some((it) => it.ca),
    log: platform.log.child("bootstrap"),
  });
  const http1 = valueServer(handle, maxBodyBytes, config.get("dpServer.readHeaderTimeout"));
  const http2 = http2Server({ platform, calls: parts.calls, http: handle, maxMessageBytes: 16 * 1024 * 1024, maxBodyBytes, keepaliveMs: 10_000 });
  const endpoint = await openEndpoint("dp-server", { host: allInterfaces(), port: config.get("dpServer.port"), tls }, { http1: feedHttp1(http1), http2: (socket) => http2.accept(socket) }, platform);
  return {
    ...endpoint,
    async close() {
      http2.close();
      http1.close();
      await endpoint.close();
    },
  };
}
