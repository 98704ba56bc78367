// The three kinds of token: their claims, the names of their secrets, how long they may live (spec/security.md 3.1).
import { invalid, violation, type Violation } from "#resources";

export type TokenKind = "dataplane" | "zone" | "user";

export interface RegisteredClaims {
  readonly jti: string;
  /** Seconds since the epoch; undefined only where tokens without an end are allowed. */
  readonly exp: number | undefined;
}

export interface DataplaneClaims extends RegisteredClaims {
  readonly name: string;
  readonly mesh: string;
  readonly tags: ReadonlyMap<string, readonly string[]>;
  /** `dataplane`, `ingress`, `egress` or empty. */
  readonly type: string;
  readonly workload: string;
}

export interface ZoneClaims extends RegisteredClaims {
  readonly zone: string;
  readonly scope: readonly string[];
}

export interface UserClaims extends RegisteredClaims {
  readonly name: string;
  readonly groups: readonly string[];
}

/** Where keys come from: main hands in a reader over the store's change stream. `mesh` is empty for zone and user keys. */
export interface KeySource {
  /** PEM of the private or public key. */
  find(kind: TokenKind, mesh: string, kid: string): string | undefined;
  latest(kind: TokenKind, mesh: string): { readonly kid: string; readonly privatePem: string } | undefined;
}

export interface Revocations {
  isRevoked(kind: TokenKind, mesh: string, jti: string): boolean;
}

/** New tokens name their issuer; validation does not compare it: offline issuers use other names, older tokens none. */
export const tokenIssuer = "kuma-cp";
/** New tokens say which kind they are. One that names only other kinds of ours is refused; foreign or no audiences are not compared. */
export const tokenAudience = (kind: TokenKind): string => `kuma-cp/${kind}`;

const keyPrefix = (kind: TokenKind, mesh: string): string => (kind === "dataplane" ? `dataplane-token-signing-key-${mesh}` : `${kind}-token-signing-key`);

/** The secret of a key id; `0` is the bare prefix of old versions. */
export function signingKeySecret(kind: TokenKind, mesh: string, kid: string): string {
  return kid === "0" ? keyPrefix(kind, mesh) : `${keyPrefix(kind, mesh)}-${kid}`;
}

/** What a zone under a global control plane holds instead of the private zone key. */
export const zonePublicKeySecret = (kid: string): string => (kid === "0" ? "zone-token-signing-public-key" : `zone-token-signing-public-key-${kid}`);

/** Read in both scopes for dataplane tokens: as the mesh's Secret and as a GlobalSecret. */
export const revocationSecret = (kind: TokenKind, mesh: string): string => (kind === "dataplane" ? `dataplane-token-revocations-${mesh}` : `${kind}-token-revocations`);

const hourMs = 3_600_000;
export const defaultTokenLifeMs = 8760 * hourMs;
export const defaultMaxTokenLifeMs = 87_840 * hourMs;

/** Why a lifetime is refused; `undefined` milliseconds mean the default. */
export function checkTokenLife(validForMs: number | undefined, maxMs: number = defaultMaxTokenLifeMs): Violation[] {
  if (validForMs === undefined) return [];
  if (!(validForMs > 0)) return [violation("validFor", "must be positive")];
  if (validForMs > maxMs) return [violation("validFor", `must not be longer than ${Math.floor(maxMs / hourMs)}h (KUMA_TOKENS_MAX_VALID_FOR)`)];
  return [];
}

export function tokenLife(validForMs: number | undefined, maxMs: number = defaultMaxTokenLifeMs): number {
  const violations = checkTokenLife(validForMs, maxMs);
  if (violations.length > 0) throw invalid(violations);
  return validForMs ?? Math.min(defaultTokenLifeMs, maxMs);
}
