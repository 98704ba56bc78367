// MeshTLS on Envoy: whether inbounds insist on mesh mTLS, and the versions and ciphers of both ends.
import { create } from "@bufbuild/protobuf";
import { TlsParameters_TlsProtocol as Protocol, TlsParametersSchema } from "#gen/envoy/extensions/transport_sockets/tls/v3/common_pb.js";
import type { CommonTlsContext } from "#gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js";
import type { EnvoyPolicy } from "#envoy";
import { confForEveryone, type InboundConf } from "#mesh";
import type { TlsConf } from "./kind.ts";

const protocols = { TLSAuto: Protocol.TLS_AUTO, TLS10: Protocol.TLSv1_0, TLS11: Protocol.TLSv1_1, TLS12: Protocol.TLSv1_2, TLS13: Protocol.TLSv1_3 };
const inboundConf = (conf: InboundConf | undefined): TlsConf => (confForEveryone(conf?.rules ?? []) ?? {}) as TlsConf;

export const meshTlsApply: EnvoyPolicy = {
  kind: "MeshTLS",
  inboundTlsMode(conf) {
    const { mode } = inboundConf(conf);
    if (mode === undefined) return undefined;
    return mode === "Strict" ? "strict" : "permissive";
  },
  // The reference forgets ciphers here when no version is given: what an operator forbids is not offered, with or without one.
  inboundTlsChain: ({ tls }, _listener, conf) => limit(tls?.commonTlsContext, inboundConf(conf)),
  outboundCluster: ({ tls }, conf) => limit(tls?.commonTlsContext, (conf?.value ?? {}) as TlsConf),
};

/** Ciphers hold for versions up to 1.2 (Envoy, TlsParameters.cipher_suites), with or without limits on the version. */
function limit(context: CommonTlsContext | undefined, { tlsVersion, tlsCiphers = [] }: TlsConf): void {
  if (!context || (!tlsVersion && tlsCiphers.length === 0)) return;
  context.tlsParams = create(TlsParametersSchema, {
    tlsMinimumProtocolVersion: protocols[tlsVersion?.min ?? "TLSAuto"],
    tlsMaximumProtocolVersion: protocols[tlsVersion?.max ?? "TLSAuto"],
    cipherSuites: [...tlsCiphers],
  });
}
