// Both ends of the mesh's mutual TLS, whoever gives the certificates: the Mesh's authority, a MeshIdentity, an agent of SPIRE.
import { create } from "@bufbuild/protobuf";
import { SecretSchema, type Secret } from "#gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.js";
import { SPIFFECertValidatorConfigSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_spiffe_validator_config_pb.js";
import type { MeshTlsPlan, Plan } from "#mesh";
import type { DownstreamTlsContext } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import { spiffeTrustDomainPrefix } from "#security/names";
import { packNew } from "./any.ts";
import { downstreamTls, uriPrefix, type SecretNames } from "./draft/tls.ts";
import { system } from "./names.ts";

/** Names of the secrets as listeners and clusters refer to them; undefined without TLS. */
export function tlsSecrets(plan: Plan): SecretNames | undefined {
  const { mtls, meshName } = plan;
  if (!mtls) return undefined;
  const family = plan.isUnified ? "unified" : "legacy";
  const { certificate } = mtls;
  if (certificate.from === "spire") {
    return { identity: certificate.name, ca: system.everyTrustDomain, agent: system.spireAgent };
  }
  return {
    identity: certificate.from === "mesh" ? system.identity(meshName)[family] : certificate.name,
    ca: mtls.trustDomains.length > 0 ? system.trustBundle : system.meshCa(meshName)[family],
  };
}

/** What an inbound asks of callers: a certificate of a trusted authority with a name in one of its domains. */
export function inboundTls(plan: Plan): DownstreamTlsContext | undefined {
  const secrets = tlsSecrets(plan);
  if (!plan.mtls || !secrets) return undefined;
  return downstreamTls(secrets, callersOf(plan.mtls, plan.meshName).map((domain) => uriPrefix(spiffeTrustDomainPrefix(domain))));
}

/** Trust by domain: Envoy asks the authority of the very domain that a certificate names. */
export function domainTrustSecret(name: string, domains: ReadonlyMap<string, string>): Secret {
  const trustDomains = [...domains].map(([domain, pem]) => ({ name: domain, trustBundle: { specifier: { case: "inlineBytes" as const, value: Buffer.from(pem) } } }));
  const customValidatorConfig = { name: "envoy.tls.cert_validator.spiffe", typedConfig: packNew(SPIFFECertValidatorConfigSchema, { trustDomains }) };
  return create(SecretSchema, { name, type: { case: "validationContext", value: { customValidatorConfig } } });
}

/** Where trust is by domain, the validator alone may decide: a name outside the domains has no authority. SPIRE's agent says which those are. */
function callersOf({ certificate, trustDomains }: MeshTlsPlan, mesh: string): readonly string[] {
  if (certificate.from === "spire") return [];
  if (trustDomains.length === 0) return [mesh];
  return certificate.from === "mesh" ? [] : trustDomains;
}
