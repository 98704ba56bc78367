// Security: who listens and connects, with which keys, who may call, who may stay.
export { parseKeyPair, authoritiesOf, isNamed, namesOf, type KeyPair, type PairNames } from "./certificates/key-pair.ts";
export {
  certificateMetrics, fixedKeyPair, followKeyPair, replaceableKeyPair,
  type FollowedKeyPair, type KeyPairSource, type PairFiles, type ReplaceableKeyPair,
} from "./certificates/key-pair-source.ts";
export { describeCertificates, type CertificateSummary } from "./certificates/describe.ts";
export { followClientAuthorities, type ClientAuthorities, type ClientAuthorityFiles } from "./certificates/client-authorities.ts";
export { looksLikePath, looksLikePem, parseCertificates, parsePrivateKey, pemBlocks, requirePath, type PemBlock } from "./certificates/pem.ts";
export { makeEcKeys, makeKeys, privateKeyPem, type KeyOptions, type Keys } from "./certificates/keys.ts";
export {
  derToPem, issuerOf, selfIssuer, signCertificate,
  type CertificateContent, type ExtendedKeyUsage, type Issuer, type KeyUsage, type SubjectName,
} from "./certificates/x509.ts";
export { type CertificateAndKey, type IssuedCertificate } from "./authority/root.ts";
export {
  checkProvidedAuthority, makeBuiltinRoot, openAuthority, type BuiltinRootRequest, type MeshAuthority, type WorkloadRequest, isSelfSigned,
} from "./authority/mesh-authority.ts";
export {
  adminClientName, makeAdminAuthority, makeSystemAuthority, openSystemAuthority, type LeafLife, type SystemAuthority, type SystemAuthorityKind,
} from "./authority/system-authority.ts";
export { machineHosts, openWorkDirPair, workDirOr, type Hosts, type WorkDirOptions } from "./authority/work-dir.ts";
export { makeDirectory } from "./authority/private-files.ts";
export { requireBothFiles, tlsCiphers, tlsVersion } from "./tls.ts";
export { endpoints, type Credential, type Endpoint, type EndpointName, type Route } from "./endpoints.ts";
export { openEndpoint, type Connection, type Accept, type ListenSettings, type OpenEndpoint, type Socket, type TLSSocket, type TlsSettings } from "./listen.ts";
export { createHttp1Server, feedHttp1, type Http1Server, type Http1Timeouts, type IncomingMessage } from "./http1-server.ts";
export { connectPlain, readFifo, type PlainConnectOptions } from "./plain.ts";
export {
  connectTls, httpClient, isLoopback,
  type ClientTrust, type HttpClient, type HttpClientOptions, type HttpRequest, type HttpResponse, type PlaintextCredentials, type SkipVerify, type TlsConnectOptions,
} from "./connect.ts";
export { systemTrust, type TrustEnvironment } from "./trust.ts";
export { peerCertificate, tlsFacts, verifiedPeerCertificate, type TlsFacts } from "./peer.ts";
export {
  checkTokenLife, defaultMaxTokenLifeMs, defaultTokenLifeMs, revocationSecret, signingKeySecret, tokenAudience, tokenIssuer, tokenLife, zonePublicKeySecret,
  type DataplaneClaims, type KeySource, type Revocations, type TokenKind, type UserClaims, type ZoneClaims,
} from "./tokens/token.ts";
export { findKey, keysNamed, makeSigningKey, parseSigningKey, parseVerifyingKey, publicKeyPem, type NamedSecret } from "./tokens/signing-keys.ts";
export { issueToken, requireLatestKey, type IssueOptions, type TokenContent } from "./tokens/issue.ts";
export { parseRevocations } from "./tokens/revocations.ts";
export { createTokenValidator, type StaticKey, type TokenFacts, type TokenRules, type TokenValidator, type Validated } from "./tokens/validate.ts";
export { createSessions, type CredentialFacts, type Session, type Sessions } from "./sessions/sessions.ts";
export { authenticateProxy, proxyCredential, whyProxyEnds, type ProxyAuthentication, type ProxyCredential, type ProxyIdentity } from "./authenticate-proxy.ts";
export { authenticateUser, callFacts, isLocalCall, type AuthenticatedUser, type CallFacts, type UserAuthentication } from "./authenticate-user.ts";
export { anyLocalPeer, localPeers, type ConnectionEnds, type LocalPeers, type PeerOwner } from "./local-peers.ts";
export { adminUser, anonymousUser, authenticated, controlPlaneUser, groups, isAnonymous, userText, type User } from "./users.ts";
export {
  anonymousRights, defaultAccessRules, ruleNames, staticAccess,
  type Access, type AccessRule, type AccessRules, type AnonymousRights, type Operation, type RuleName,
} from "./access.ts";
export { auditingProxy, createAudit, refusalIn, type Audit, type AuditEvent } from "./audit.ts";
export { isSealed, makeSecretsKeyFile, openSecret, parseSecretsKey, readSecretsKeyFile, sealSecret } from "./secrets-at-rest.ts";
export { refusals, refusalText, type RefusalCode } from "./refusals.ts";
