// gRPC status codes and the encoding of their messages.

export const status = {
  ok: 0, cancelled: 1, unknown: 2, invalidArgument: 3, deadlineExceeded: 4, notFound: 5, permissionDenied: 7, resourceExhausted: 8,
  failedPrecondition: 9, aborted: 10, unimplemented: 12, internal: 13, unavailable: 14, unauthenticated: 16,
} as const;

/** Percent-encodes a status message for the `grpc-message` trailer. */
export function encodeStatusMessage(message: string): string {
  return [...Buffer.from(message.slice(0, 2000), "utf8")]
    .map((byte) => (byte >= 0x20 && byte <= 0x7e && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`))
    .join("");
}
