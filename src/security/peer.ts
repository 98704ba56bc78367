// The certificate a TLS peer has shown.
import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/**
 * Verified or not; undefined when the peer showed none. Asked through `getPeerCertificate`: calling `getPeerX509Certificate`
 * first leaves node's own host name check with an empty certificate.
 */
export function peerCertificate(socket: TLSSocket): X509Certificate | undefined {
  const shown: { readonly raw?: Buffer } | null = socket.getPeerCertificate();
  return shown?.raw ? new X509Certificate(shown.raw) : undefined;
}

/** Only a certificate that the listener's client authorities have signed. */
export const verifiedPeerCertificate = (socket: TLSSocket): X509Certificate | undefined => (socket.authorized ? peerCertificate(socket) : undefined);

/** How a connection is protected, as it was negotiated. */
export interface TlsFacts {
  readonly version: string;
  readonly cipher: string;
}

/** Undefined for a connection in the clear. */
export const tlsFacts = (socket: Socket): TlsFacts | undefined => (socket instanceof TLSSocket ? { version: socket.getProtocol() ?? "", cipher: socket.getCipher().name } : undefined);
