// Both ends of the mesh's mutual TLS, whoever gives the certificates: the Mesh's authority, a MeshIdentity, an agent of SPIRE.
import type { MeshTlsPlan, Plan } from "#mesh";
import type { DownstreamTlsContext } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import { spiffeTrustDomainPrefix } from "#security/names";
import { downstreamTls, uriPrefix, type SecretNames } from "./draft/tls.ts";
import { system } from "./names.ts";

/** Names of the secrets as listeners and clusters refer to them; undefined without TLS. */
export function tlsSecrets(plan: Plan): SecretNames | undefined {
  const { mtls, meshName } = plan;
  if (!mtls) return undefined;
  const family = plan.isUnified ? "unified" : "legacy";
  const { certificate } = mtls;
  if (certificate.from === "spire") {
    return { identity: certificate.name, ca: system.everyTrustDomain, source: { cluster: system.spireAgent, timeoutMs: certificate.timeoutMs } };
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

function callersOf({ trustDomains }: MeshTlsPlan, mesh: string): readonly string[] {
  return trustDomains.length > 0 ? trustDomains : [mesh];
}
