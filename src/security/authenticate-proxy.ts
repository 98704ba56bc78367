// Is this credential issued for this proxy: the universal checks of spec/security.md 2.5, with Kuma's texts.
import { label, unauthenticated } from "#resources";
import type { RefusalCode } from "./refusals.ts";
import type { CredentialFacts } from "./sessions/sessions.ts";
import type { DataplaneClaims, ZoneClaims } from "./tokens/token.ts";
import type { TokenValidator } from "./tokens/validate.ts";

export interface ProxyIdentity {
  readonly type: "dataplane" | "ingress" | "egress";
  readonly mesh: string;
  readonly name: string;
  /** Union of inbound and gateway tags. */
  readonly tags: ReadonlyMap<string, ReadonlySet<string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** The zone of this control plane. */
  readonly zone: string;
  /** The best matching MeshIdentity derives its path from the workload. */
  readonly workloadBound: boolean;
}

export interface ProxyAuthentication {
  readonly validator: TokenValidator;
  /** `none` accepts everything. */
  readonly dataplanes: "dpToken" | "none";
  readonly zoneProxies: "zoneToken" | "none";
  /** A zone token that names no zone is good in every zone. */
  readonly acceptsZoneTokensWithoutZone?: boolean;
}

export interface ProxyCredential {
  /** For `sessions.add`. */
  readonly facts: CredentialFacts;
}

/** Rejects with an unauthenticated KumaError. Edges wrap its text as `authentication failed: ...`. */
export async function authenticateProxy(credential: string, proxy: ProxyIdentity, rules: ProxyAuthentication): Promise<ProxyCredential> {
  const name = `${proxy.type}/${proxy.mesh}/${proxy.name}`;
  const type = proxy.type === "dataplane" ? rules.dataplanes : rules.zoneProxies;
  if (type === "none") return { facts: { kind: "none", proxy: name } };
  if (type === "dpToken") {
    const claims = await rules.validator.dataplane(credential, proxy.mesh);
    demand(whyNotDataplane(claims, proxy));
    return { facts: { kind: "dataplane", mesh: proxy.mesh, proxy: name, kid: claims.kid, keyHash: claims.keyHash, jti: claims.jti, ...expiry(claims.exp) } };
  }
  const claims = await rules.validator.zone(credential);
  demand(whyNotZoneProxy(claims, proxy, rules.acceptsZoneTokensWithoutZone === true));
  return { facts: { kind: "zone", mesh: "", proxy: name, kid: claims.kid, keyHash: claims.keyHash, jti: claims.jti, ...expiry(claims.exp) } };
}

/** The one credential among the values of a stream's `authorization` metadata; absent is empty and fails as a token. */
export function proxyCredential(values: readonly string[]): string {
  if (values.length > 1) throw unauthenticated(`request must have exactly 1 "authorization" header, got ${values.length}`, "credential-repeated" satisfies RefusalCode);
  return values[0] ?? "";
}

/** For `sessions.revalidate`: why a session opened with a token may not go on. */
export const whyProxyEnds = (validator: TokenValidator) => (facts: CredentialFacts): string | undefined => {
  if (facts.kind !== "dataplane" && facts.kind !== "zone" && facts.kind !== "user") return undefined;
  if (facts.kid === undefined || facts.jti === undefined) return undefined;
  return validator.whyInvalid({ kind: facts.kind, mesh: facts.mesh ?? "", kid: facts.kid, keyHash: facts.keyHash, jti: facts.jti, ...expiry(facts.exp) });
};

function whyNotDataplane(claims: DataplaneClaims, proxy: ProxyIdentity): string | undefined {
  if (claims.name && claims.name !== proxy.name) return `proxy name from requestor: ${proxy.name} is different than in token: ${claims.name}`;
  if (claims.mesh && claims.mesh !== proxy.mesh) return `proxy mesh from requestor: ${proxy.mesh} is different than in token: ${claims.mesh}`;
  // Kuma carries this claim and never compares it; a token made for a zone proxy opens no ordinary proxy's stream here.
  if (claims.type && claims.type !== "dataplane") return `proxy type from requestor: dataplane is different than in token: ${claims.type}`;
  return whyNotTags(claims, proxy) ?? whyNotWorkload(claims, proxy);
}

function whyNotTags(claims: DataplaneClaims, proxy: ProxyIdentity): string | undefined {
  for (const [tag, allowed] of claims.tags) {
    const values = proxy.tags.get(tag);
    if (!values || values.size === 0) return `dataplane has no tag "${tag}" required by the token`;
    const wrong = [...values].find((it) => !allowed.includes(it));
    if (wrong !== undefined) return `dataplane contains tag "${tag}" with value "${wrong}" which is not allowed with this token. Allowed values in token are [${allowed.map((it) => `"${it}"`).join(" ")}]`;
  }
  return undefined;
}

function whyNotWorkload(claims: DataplaneClaims, proxy: ProxyIdentity): string | undefined {
  const workload = proxy.labels[label.workload];
  if (claims.workload) {
    if (!workload) return "dataplane has no workload label required by the token";
    if (workload !== claims.workload) return `dataplane workload "${workload}" is not allowed with this token. Allowed workload in token is "${claims.workload}"`;
    return undefined;
  }
  if (workload && proxy.workloadBound) return `dataplane with "${label.workload}" label "${workload}" derives its identity from the workload, so it requires a workload-bound token`;
  return undefined;
}

function whyNotZoneProxy(claims: ZoneClaims, proxy: ProxyIdentity, needsNoZone: boolean): string | undefined {
  if (!claims.scope.includes(proxy.type)) return `token cannot be used to authenticate zone entity (${proxy.type} is out of token's scope: [${claims.scope.join(" ")}])`;
  if (!claims.zone && !needsNoZone) return `token names no zone, so that it would be good in every zone; generate one with --zone=${proxy.zone}, or set KUMA_TOKENS_ALLOW_WITHOUT_ZONE=true`;
  if (claims.zone && claims.zone !== proxy.zone) return `zone from requestor: ${proxy.zone} is different than in token: ${claims.zone}`;
  return undefined;
}

function demand(reason: string | undefined): void {
  if (reason !== undefined) throw unauthenticated(reason, "proxy-not-covered" satisfies RefusalCode);
}

const expiry = (exp: number | undefined) => (exp === undefined ? {} : { exp });
