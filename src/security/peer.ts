// What a TLS connection is worth: the certificate that the peer has shown, and what was negotiated.
import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { readDer } from "./certificates/der.ts";

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
  /** Group of the key exchange, e.g. `X25519MLKEM768`; empty where it is not known. */
  readonly keyExchange: string;
}

/** Undefined for a connection in the clear. */
export const tlsFacts = (socket: Socket): TlsFacts | undefined =>
  socket instanceof TLSSocket ? { version: socket.getProtocol() ?? "", cipher: socket.getCipher().name, keyExchange: keyExchangeOf(socket) } : undefined;

/** IANA, TLS Supported Groups. */
const groups: ReadonlyMap<number, string> = new Map([
  [23, "P-256"], [24, "P-384"], [25, "P-521"], [29, "X25519"], [30, "X448"], [4587, "SecP256r1MLKEM768"], [4588, "X25519MLKEM768"], [4589, "SecP384r1MLKEM1024"],
]);
/** `kex_group [19]` of OpenSSL's SSL_SESSION: node tells only clients what was agreed, but its session remembers. */
const groupTag = 0xb3;

function keyExchangeOf(socket: TLSSocket): string {
  try {
    const session = socket.getSession();
    const [whole] = session ? readDer(session) : [];
    const field = whole && readDer(whole.content).find((it) => it.tag === groupTag);
    const [group] = field ? readDer(field.content) : [];
    return group ? (groups.get(group.content.readUIntBE(0, group.content.length)) ?? "") : "";
  } catch {
    return "";
  }
}
