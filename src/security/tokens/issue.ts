// Issues tokens: RS256, claims in the order and spelling Kuma's clients know (spec/security.md 3.1).
import { CompactSign } from "jose";
import { notFound } from "#resources";
import { parseSigningKey } from "./signing-keys.ts";
import { signingKeySecret, tokenAudience, tokenIssuer, tokenLife, type KeySource, type TokenKind } from "./token.ts";

export type TokenContent =
  | {
      readonly kind: "dataplane"; readonly mesh: string; readonly name?: string; readonly tags?: Readonly<Record<string, readonly string[]>>;
      readonly type?: string; readonly workload?: string;
    }
  | { readonly kind: "zone"; readonly zone: string; readonly scope: readonly string[] }
  | { readonly kind: "user"; readonly name: string; readonly groups?: readonly string[] };

export interface IssueOptions {
  readonly key: { readonly kid: string; readonly privatePem: string };
  /** Undefined: the default of 8760 h. Refused when not positive or over the limit. */
  readonly validForMs?: number | undefined;
  readonly maxValidForMs?: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly jti: string;
}

const clockSkewSeconds = 5;

export async function issueToken(content: TokenContent, options: IssueOptions): Promise<string> {
  const lifeMs = tokenLife(options.validForMs, options.maxValidForMs);
  const nowSeconds = Math.floor(options.now / 1000);
  const begin = nowSeconds - clockSkewSeconds;
  const claims = {
    ...customClaims(content),
    exp: Math.floor((options.now + lifeMs) / 1000), nbf: begin, iat: begin, jti: options.jti,
    iss: tokenIssuer, aud: [tokenAudience(content.kind)],
  };
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: "RS256", kid: options.key.kid, typ: "JWT" })
    .sign(parseSigningKey(options.key.privatePem));
}

/** The newest key of a kind; throws Kuma's "not found" when there is none. */
export function requireLatestKey(keys: KeySource, kind: TokenKind, mesh: string): { readonly kid: string; readonly privatePem: string } {
  const key = keys.latest(kind, mesh);
  if (!key) throw notFound(missingKeyText(kind, mesh, "1"));
  return key;
}

export function missingKeyText(kind: TokenKind, mesh: string, kid: string, secret = signingKeySecret(kind, mesh, kid)): string {
  const where = kind === "dataplane" ? `Secret of name "${secret}" in mesh "${mesh}"` : `GlobalSecret of name "${secret}"`;
  return `there is no signing key with KID ${kid}. ${where} is not found. If signing key was rotated, regenerate the token`;
}

function customClaims(content: TokenContent): object {
  if (content.kind === "dataplane") {
    return { Name: content.name ?? "", Mesh: content.mesh, Tags: content.tags ?? {}, Type: content.type ?? "", Workload: content.workload ?? "" };
  }
  if (content.kind === "zone") return { Zone: content.zone, Scope: content.scope };
  return { Name: content.name, Groups: content.groups ?? [] };
}
