// Stable codes for everything this folder refuses: for logs, audit lines and alerts. Texts for clients stay Kuma's.

/** A code never changes its meaning; its sentence may be reworded. Sentences name kinds of things, never values of credentials. */
export const refusals = {
  "endpoint-not-listed": "a listener was to be opened that is not in the table of endpoints",
  "tls-handshake-failed": "a TLS handshake failed",
  "client-certificate-refused": "a client certificate is not signed by an accepted authority",
  "certificate-not-usable": "a replaced certificate or key cannot be used, the last good pair stays",
  "server-not-verified": "a server could not be verified",
  "credential-in-clear": "a credential was to be sent without TLS to another machine",
  "redirect-elsewhere": "a server redirected to another origin",
  "token-malformed": "a token could not be parsed or its signature does not hold",
  "token-key-unknown": "a token names a signing key that does not exist",
  "token-expired": "a token is expired or not yet valid",
  "token-revoked": "a token is revoked",
  "credential-repeated": "a request carries its credential more than once",
  "proxy-not-covered": "a proxy is not what its token was issued for",
  "user-unauthenticated": "a user's credential is not valid",
  "access-denied": "a user has no right to what was asked",
  "session-ended": "a live session was closed because its credential is no longer good",
  "secret-not-readable": "a sealed secret cannot be opened with the key at hand",
} as const;

export type RefusalCode = keyof typeof refusals;

/** `code: sentence`, with what it is about appended: names of proxies, users, endpoints; never a secret. */
export const refusalText = (code: RefusalCode, about = ""): string => `${code}: ${refusals[code]}${about ? ` (${about})` : ""}`;
