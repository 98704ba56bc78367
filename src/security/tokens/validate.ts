// Validates tokens: one algorithm, known keys, in time, not revoked; remembers verified signatures, never decisions.
import { createHash, type KeyObject } from "node:crypto";
import { compactVerify, decodeJwt, decodeProtectedHeader, errors } from "jose";
import { z } from "zod";
import { maskSecrets, type Clock } from "#platform";
import { badRequest, failureOf, unauthenticated } from "#resources";
import type { RefusalCode } from "../refusals.ts";
import { missingKeyText } from "./issue.ts";
import { parseVerifyingKey } from "./signing-keys.ts";
import {
  tokenAudience, zonePublicKeySecret, type DataplaneClaims, type KeySource, type Revocations, type TokenKind, type UserClaims, type ZoneClaims,
} from "./token.ts";

/** A public key of the configuration. */
export interface StaticKey {
  readonly kind: TokenKind;
  readonly kid: string;
  /** PEM, PKCS#1 or PKIX. */
  readonly pem: string;
  /** For dataplane keys; empty applies to every mesh. */
  readonly mesh?: string;
}

export interface TokenRules {
  readonly keys: KeySource;
  readonly revocations: Revocations;
  readonly staticKeys?: readonly StaticKey[];
  /** Kinds whose keys are configured only: `validator.useSecrets: false`. */
  readonly withoutSecrets?: readonly TokenKind[];
  readonly clock: Clock;
  /** Offline tokens without `exp` never end; off by default. */
  readonly allowTokensWithoutExpiry?: boolean;
  /** Explains refusals after a restart of a control plane that keeps nothing. */
  readonly isMemoryStore?: boolean;
  /** A zone under a global control plane names the public zone key in its messages. */
  readonly isFederatedZone?: boolean;
}

/** `keyHash` tells the key itself from another one that takes its id later. */
export type Validated<C> = C & { readonly kid: string; readonly keyHash: string };

export interface TokenValidator {
  /** Each rejects with an unauthenticated KumaError that says why. */
  dataplane(token: string, mesh: string): Promise<Validated<DataplaneClaims>>;
  zone(token: string): Promise<Validated<ZoneClaims>>;
  user(token: string): Promise<Validated<UserClaims>>;
  /** The facts of a validated token as they stand now: why it is no longer good, or undefined. */
  whyInvalid(facts: TokenFacts): string | undefined;
}

export interface TokenFacts {
  readonly kind: TokenKind;
  readonly mesh: string;
  readonly kid: string;
  readonly keyHash?: string | undefined;
  readonly jti: string;
  readonly exp?: number | undefined;
}

const text = z.string().nullish().transform((it) => it ?? "");
const texts = z.array(z.string()).nullish().transform((it) => it ?? []);
const registered = {
  jti: text,
  exp: z.number().optional(),
  nbf: z.number().optional(),
  iat: z.number().optional(),
  aud: z.union([z.string().transform((it) => [it]), z.array(z.string())]).optional(),
};
const dataplaneShape = z.object({ ...registered, Name: text, Mesh: text, Tags: z.record(z.string(), texts).nullish(), Type: text, Workload: text });
const zoneShape = z.object({ ...registered, Zone: text, Scope: texts });
const userShape = z.object({ ...registered, Name: text, Groups: texts });
type Registered = z.infer<z.ZodObject<typeof registered>>;

const maxRemembered = 10_000;
// A dataplane token with many tags stays far below; anything larger is not worth an RSA operation.
const maxTokenLength = 65_536;

export function createTokenValidator(rules: TokenRules): TokenValidator {
  const staticKeys = (rules.staticKeys ?? []).map((it, index) => ({ ...it, pem: requirePublicKey(it, index) }));
  const verified = new Map<string, { readonly keyPem: string; readonly payload: unknown }>();
  const parsedKeys = new Map<string, KeyObject>();
  const keyHashes = new Map<string, string>();

  const findKey = (kind: TokenKind, mesh: string, kid: string): string | undefined => {
    const fixed = staticKeys.find((it) => it.kind === kind && it.kid === kid && (!it.mesh || it.mesh === mesh));
    if (fixed) return fixed.pem;
    return rules.withoutSecrets?.includes(kind) ? undefined : rules.keys.find(kind, mesh, kid);
  };
  const missingKey = (kind: TokenKind, mesh: string, kid: string): string =>
    kind === "zone" && rules.isFederatedZone ? missingKeyText(kind, mesh, kid, zonePublicKeySecret(kid)) : missingKeyText(kind, mesh, kid);

  const keyObject = (pem: string): KeyObject => {
    const known = parsedKeys.get(pem);
    if (known) return known;
    const key = parseVerifyingKey(pem);
    if (parsedKeys.size >= 100) parsedKeys.clear();
    parsedKeys.set(pem, key);
    return key;
  };

  const hashOf = (pem: string): string => {
    const known = keyHashes.get(pem);
    if (known !== undefined) return known;
    const hash = createHash("sha256").update(pem).digest("base64");
    if (keyHashes.size >= 100) keyHashes.clear();
    keyHashes.set(pem, hash);
    return hash;
  };
  /** The payload of a token whose signature holds under a key that exists now. */
  const payloadOf = async (kind: TokenKind, mesh: string, token: string): Promise<{ payload: unknown; kid: string; keyHash: string }> => {
    const kid = keyIdOf(token);
    const keyPem = findKey(kind, mesh, kid);
    if (keyPem === undefined) throw unauthenticated(missingKey(kind, mesh, kid), "token-key-unknown" satisfies RefusalCode);
    const hash = createHash("sha256").update(`${kind}\n${token}`).digest("base64");
    const known = verified.get(hash);
    if (known?.keyPem === keyPem) return { payload: known.payload, kid, keyHash: hashOf(keyPem) };
    const { payload } = await compactVerify(token, keyObject(keyPem), { algorithms: ["RS256"] });
    const parsed: unknown = JSON.parse(Buffer.from(payload).toString("utf8"));
    if (verified.size >= maxRemembered) verified.delete(verified.keys().next().value ?? hash);
    verified.set(hash, { keyPem, payload: parsed });
    return { payload: parsed, kid, keyHash: hashOf(keyPem) };
  };

  const validate = async <C extends Registered>(kind: TokenKind, mesh: string, token: string, shape: z.ZodType<C>): Promise<{ claims: C; kid: string; keyHash: string }> => {
    const { payload, kid, keyHash } = await payloadOf(kind, mesh, token).catch((error: unknown) => {
      throw failureOf(error)?.is === "unauthenticated" ? error : notParsed(rules, kind === "dataplane" ? withMesh(error, token, mesh) : error);
    });
    const parsed = shape.safeParse(payload);
    if (!parsed.success) throw notParsed(rules, new Error(`claim ${parsed.error.issues[0]?.path.join(".") ?? ""} is malformed`));
    const claims = parsed.data;
    requireTime(claims, rules);
    if (claims.aud?.some((it) => it.startsWith("kuma-cp/")) && !claims.aud.includes(tokenAudience(kind))) throw notParsed(rules, new Error(`token is made for ${claims.aud.join(", ")}`));
    if (rules.revocations.isRevoked(kind, mesh, claims.jti)) throw unauthenticated("token is revoked", "token-revoked" satisfies RefusalCode);
    return { claims, kid, keyHash };
  };

  return {
    async dataplane(token, mesh) {
      const { claims, kid, keyHash } = await validate("dataplane", mesh, token, dataplaneShape);
      return { kid, keyHash, jti: claims.jti, exp: claims.exp, name: claims.Name, mesh: claims.Mesh, tags: new Map(Object.entries(claims.Tags ?? {})), type: claims.Type, workload: claims.Workload };
    },
    async zone(token) {
      const { claims, kid, keyHash } = await validate("zone", "", token, zoneShape);
      return { kid, keyHash, jti: claims.jti, exp: claims.exp, zone: claims.Zone, scope: claims.Scope };
    },
    async user(token) {
      const { claims, kid, keyHash } = await validate("user", "", token, userShape);
      return { kid, keyHash, jti: claims.jti, exp: claims.exp, name: claims.Name, groups: claims.Groups };
    },
    whyInvalid(facts) {
      const key = findKey(facts.kind, facts.mesh, facts.kid);
      if (key === undefined) return missingKey(facts.kind, facts.mesh, facts.kid);
      if (facts.keyHash !== undefined && facts.keyHash !== hashOf(key)) return `the signing key with KID ${facts.kid} was replaced, regenerate the token`;
      if (rules.revocations.isRevoked(facts.kind, facts.mesh, facts.jti)) return "token is revoked";
      if (facts.exp !== undefined && rules.clock.now() >= facts.exp * 1000) return "token is expired";
      return undefined;
    },
  };
}

/** Each mesh signs with keys of its own: most signatures that do not hold are those of another mesh. What the token says is only told, never trusted. */
function withMesh(error: unknown, token: string, mesh: string): unknown {
  if (!(error instanceof errors.JWSSignatureVerificationFailed)) return error;
  const claimed = claimedMesh(token);
  if (typeof claimed !== "string" || claimed === "" || claimed === mesh) return error;
  return new Error(`${error.message}: no key of mesh "${mesh}" has signed it, it says that it is for mesh "${claimed.slice(0, 63)}"`, { cause: error });
}

function claimedMesh(token: string): unknown {
  try {
    return decodeJwt<{ Mesh?: unknown }>(token).Mesh;
  } catch {
    return undefined; // its content is no JSON either
  }
}

function keyIdOf(token: string): string {
  if (token.length > maxTokenLength) throw new Error("token is too long");
  const header = decodeProtectedHeader(token);
  if (header.alg !== "RS256") throw new Error(`unsupported token alg ${header.alg}. Allowed algorithms are RS256`);
  if (header.kid === undefined) throw new Error("JWT token must have kid header");
  if (typeof header.kid !== "string") throw new Error("JWT token kid header must be a string");
  return header.kid;
}

// No leeway: issuers date their tokens back a little.
function requireTime(claims: Registered, rules: TokenRules): void {
  const now = rules.clock.now() / 1000;
  if (claims.exp === undefined && !rules.allowTokensWithoutExpiry) throw notParsed(rules, new Error("token has no expiration (exp)"));
  if (claims.exp !== undefined && now >= claims.exp) throw notParsed(rules, new Error("token is expired"), "token-expired");
  if (claims.nbf !== undefined && now < claims.nbf) {
    throw unauthenticated("token is not yet valid: 'valid_from' date is in the future. Check if the clocks of the issuer and of this control plane are right", "token-expired" satisfies RefusalCode);
  }
  if (claims.iat !== undefined && now < claims.iat) throw notParsed(rules, new Error("token was issued in the future (iat)"));
}

function notParsed(rules: TokenRules, error: unknown, code: RefusalCode = "token-malformed") {
  const reason = error instanceof Error ? maskSecrets(error.message) : "unknown";
  const lost = rules.isMemoryStore ? ". This control plane keeps its state in memory: tokens issued before its last start are no longer known" : "";
  return unauthenticated(`could not parse token: ${reason}${lost}`, code);
}

function requirePublicKey(key: StaticKey, index: number): string {
  if (!key.kid) throw badRequest(`publicKeys[${index}]: .KID is required`);
  try {
    parseVerifyingKey(key.pem);
    return key.pem;
  } catch (error) {
    throw badRequest(`publicKeys[${index}] (kid ${key.kid}): ${error instanceof Error ? error.message : "not a public key"}`);
  }
}
