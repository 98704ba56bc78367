// TLS contexts of service-to-service traffic: certificates and trust arrive by SDS, names are checked (spec/dataplane.md 5.6, 5.7).
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ApiConfigSource_ApiType as ApiType, ConfigSourceSchema, ApiVersion } from "#gen/envoy/config/core/v3/config_source_pb.js";
import { TransportSocketSchema, type TransportSocket } from "#gen/envoy/config/core/v3/base_pb.js";
import { SubjectAltNameMatcher_SanType as SanType, type SubjectAltNameMatcherSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/common_pb.js";
import { SdsSecretConfigSchema, type SdsSecretConfig } from "#gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
import { DownstreamTlsContextSchema, UpstreamTlsContextSchema, type DownstreamTlsContext, type UpstreamTlsContext } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import { packTyped, type Typed } from "../any.ts";

export const adsSource = () => create(ConfigSourceSchema, { configSourceSpecifier: { case: "ads", value: {} }, resourceApiVersion: ApiVersion.V3 });

/** Secrets come from the control plane, or from an agent beside the proxy, named by its cluster. */
function sdsSource(agent: string | undefined) {
  if (agent === undefined) return adsSource();
  const grpcServices = [{ targetSpecifier: { case: "envoyGrpc" as const, value: { clusterName: agent } } }];
  return create(ConfigSourceSchema, {
    configSourceSpecifier: { case: "apiConfigSource", value: { apiType: ApiType.GRPC, transportApiVersion: ApiVersion.V3, grpcServices } }, resourceApiVersion: ApiVersion.V3,
  });
}

export const sdsSecret = (name: string, agent?: string): SdsSecretConfig => create(SdsSecretConfigSchema, { name, sdsConfig: sdsSource(agent) });

export type SanMatcher = MessageInitShape<typeof SubjectAltNameMatcherSchema>;

export const uriExact = (value: string): SanMatcher => ({ sanType: SanType.URI, matcher: { matchPattern: { case: "exact", value } } });
export const uriPrefix = (value: string): SanMatcher => ({ sanType: SanType.URI, matcher: { matchPattern: { case: "prefix", value } } });
export const dnsExact = (value: string): SanMatcher => ({ sanType: SanType.DNS, matcher: { matchPattern: { case: "exact", value } } });

export interface SecretNames {
  readonly identity: string;
  readonly ca: string;
  /** The cluster that gives both; absent: the control plane. */
  readonly agent?: string | undefined;
}

const common = (secrets: SecretNames, matchers: readonly SanMatcher[]) => ({
  tlsCertificateSdsSecretConfigs: [sdsSecret(secrets.identity, secrets.agent)],
  validationContextType: {
    case: "combinedValidationContext" as const,
    value: { defaultValidationContext: { matchTypedSubjectAltNames: [...matchers] }, validationContextSdsSecretConfig: sdsSecret(secrets.ca, secrets.agent) },
  },
});

export function upstreamTls(secrets: SecretNames, sni: string, matchers: readonly SanMatcher[]): UpstreamTlsContext {
  return create(UpstreamTlsContextSchema, { sni, commonTlsContext: { ...common(secrets, matchers), alpnProtocols: ["kuma"] } });
}

export function downstreamTls(secrets: SecretNames, matchers: readonly SanMatcher[]): DownstreamTlsContext {
  return create(DownstreamTlsContextSchema, { commonTlsContext: common(secrets, matchers), requireClientCertificate: true });
}

export function tlsSocket(context: Typed): TransportSocket {
  return create(TransportSocketSchema, { name: "envoy.transport_sockets.tls", configType: { case: "typedConfig", value: packTyped(context) } });
}

export const upstreamSocket = (context: UpstreamTlsContext): TransportSocket => tlsSocket({ name: "tls", schema: UpstreamTlsContextSchema, message: context });
export const downstreamSocket = (context: DownstreamTlsContext): TransportSocket => tlsSocket({ name: "tls", schema: DownstreamTlsContextSchema, message: context });
