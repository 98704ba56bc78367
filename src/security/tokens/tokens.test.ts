// Tokens: what is issued validates, and each way to be wrong is refused with its own text.
import { createHmac, sign } from "node:crypto";
import { fakeClock } from "#platform/fake";
import { expect, test } from "vitest";
import { issueToken, requireLatestKey, type TokenContent } from "./issue.ts";
import { parseRevocations } from "./revocations.ts";
import { findKey, keysNamed, makeSigningKey, parseSigningKey, parseVerifyingKey, publicKeyPem } from "./signing-keys.ts";
import { checkTokenLife, signingKeySecret, type KeySource, type TokenKind } from "./token.ts";
import { createTokenValidator, type TokenRules } from "./validate.ts";

const pem = await makeSigningKey();
const otherPem = await makeSigningKey();
const hour = 3_600_000;

function setUp(rules: Partial<TokenRules> = {}) {
  const clock = fakeClock();
  const keys = new Map<string, string>([["dataplane|default|1", pem], ["zone||1", pem], ["user||1", pem]]);
  const revoked = new Set<string>();
  const source: KeySource = { find: (kind, mesh, kid) => keys.get(`${kind}|${mesh}|${kid}`), latest: () => undefined };
  const validator = createTokenValidator({ keys: source, revocations: { isRevoked: (_kind, _mesh, jti) => revoked.has(jti) }, clock, ...rules });
  const issue = (content: TokenContent, options: { kid?: string; key?: string; validForMs?: number; jti?: string } = {}) =>
    issueToken(content, { key: { kid: options.kid ?? "1", privatePem: options.key ?? pem }, now: clock.now(), jti: options.jti ?? "id-1", ...(options.validForMs === undefined ? {} : { validForMs: options.validForMs }) });
  return { clock, keys, revoked, validator, issue };
}

const user: TokenContent = { kind: "user", name: "ann", groups: ["team"] };
const b64 = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const signed = (header: object, claims: object, key = pem) => {
  const body = `${b64(header)}.${b64(claims)}`;
  return `${body}.${sign("sha256", Buffer.from(body), key).toString("base64url")}`;
};

test("each kind of token comes back with its claims", async () => {
  const { validator, issue } = setUp();
  const dataplane = await validator.dataplane(await issue({ kind: "dataplane", mesh: "default", name: "dp-1", tags: { "kuma.io/service": ["web"] }, workload: "w" }), "default");
  expect(dataplane).toMatchObject({ name: "dp-1", mesh: "default", workload: "w", type: "", kid: "1", jti: "id-1" });
  expect(dataplane.tags.get("kuma.io/service")).toEqual(["web"]);
  expect(await validator.zone(await issue({ kind: "zone", zone: "east", scope: ["ingress"] }))).toMatchObject({ zone: "east", scope: ["ingress"] });
  expect(await validator.user(await issue(user))).toMatchObject({ name: "ann", groups: ["team"] });
});

test("claims are written in Kuma's order, a year long by default", async () => {
  const { issue, clock } = setUp();
  const [header = "", claims = ""] = (await issue(user)).split(".");
  const parsed = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, number>;
  expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({ alg: "RS256", kid: "1", typ: "JWT" });
  expect(Object.keys(parsed)).toEqual(["Name", "Groups", "exp", "nbf", "iat", "jti", "iss", "aud"]);
  expect([parsed["nbf"], parsed["exp"]]).toEqual([clock.now() / 1000 - 5, clock.now() / 1000 + 8760 * 3600]);
});

test("a token of one kind does not pass as another under the same key", async () => {
  const { validator, issue } = setUp();
  await expect(validator.user(await issue({ kind: "zone", zone: "", scope: [] }))).rejects.toThrow(/token is made for kuma-cp\/zone/);
});

test("an old token without issuer and audience is accepted, null lists too", async () => {
  const { validator, clock } = setUp();
  const token = signed({ alg: "RS256", kid: "1", typ: "JWT" }, { Name: "ann", Groups: null, exp: clock.now() / 1000 + 60, jti: "old" });
  expect(await validator.user(token)).toMatchObject({ name: "ann", groups: [] });
});

const refusals: [string, (now: number) => string, RegExp][] = [
  ["garbage", () => "x", /^could not parse token: /],
  ["an empty token", () => "", /^could not parse token: /],
  ["a token without kid", (now) => signed({ alg: "RS256" }, { exp: now + 60 }), /JWT token must have kid header/],
  ["a numeric kid", (now) => signed({ alg: "RS256", kid: 1 }, { exp: now + 60 }), /JWT token kid header must be a string/],
  ["alg none", (now) => `${b64({ alg: "none", kid: "1" })}.${b64({ exp: now + 60 })}.`, /unsupported token alg none/],
  ["HS256 with the public key as secret", (now) => {
    const body = `${b64({ alg: "HS256", kid: "1" })}.${b64({ Name: "a", exp: now + 60 })}`;
    return `${body}.${createHmac("sha256", publicKeyPem(pem)).update(body).digest("base64url")}`;
  }, /unsupported token alg HS256/],
  ["another key's signature", (now) => signed({ alg: "RS256", kid: "1" }, { exp: now + 60 }, otherPem), /^could not parse token: signature verification failed/],
  ["an unknown kid", (now) => signed({ alg: "RS256", kid: "9" }, { exp: now + 60 }), /^there is no signing key with KID 9\. GlobalSecret of name "user-token-signing-key-9" is not found\. If signing key was rotated, regenerate the token$/],
  ["no exp", () => signed({ alg: "RS256", kid: "1" }, { Name: "a" }), /no expiration/],
  ["exp reached", (now) => signed({ alg: "RS256", kid: "1" }, { exp: now }), /token is expired/],
  ["nbf ahead", (now) => signed({ alg: "RS256", kid: "1" }, { exp: now + 60, nbf: now + 1 }), /^token is not yet valid: 'valid_from' date is in the future\./],
  ["iat ahead", (now) => signed({ alg: "RS256", kid: "1" }, { exp: now + 60, iat: now + 1 }), /issued in the future/],
  ["claims of a wrong type", (now) => signed({ alg: "RS256", kid: "1" }, { exp: now + 60, Name: 5 }), /claim Name is malformed/],
];
for (const [what, make, reason] of refusals) {
  test(`${what} is refused`, async () => {
    const { validator, clock } = setUp();
    await expect(validator.user(make(clock.now() / 1000))).rejects.toMatchObject({ message: expect.stringMatching(reason) as string, failure: { is: "unauthenticated" } });
  });
}

test("a token without end passes only where that is allowed", async () => {
  const { validator } = setUp({ allowTokensWithoutExpiry: true });
  expect((await validator.user(signed({ alg: "RS256", kid: "1" }, { Name: "a" }))).exp).toBeUndefined();
});

test("a remembered signature forgets nothing: revocation, expiry and key removal still refuse", async () => {
  const { validator, issue, revoked, keys, clock } = setUp();
  const token = await issue(user, { validForMs: hour });
  const facts = { kind: "user", mesh: "", kid: "1", jti: "id-1", exp: (await validator.user(token)).exp } as const;
  revoked.add("id-1");
  await expect(validator.user(token)).rejects.toThrow("token is revoked");
  expect(validator.whyInvalid(facts)).toBe("token is revoked");
  revoked.clear();
  expect(validator.whyInvalid(facts)).toBeUndefined();
  keys.set("user||1", otherPem);
  await expect(validator.user(token)).rejects.toThrow(/signature/);
  keys.delete("user||1");
  await expect(validator.user(token)).rejects.toThrow(/no signing key with KID 1/);
  keys.set("user||1", pem);
  clock.advance(hour);
  await expect(validator.user(token)).rejects.toThrow(/expired/);
  expect(validator.whyInvalid(facts)).toBe("token is expired");
});

test("a configured public key validates in its mesh only, or in every mesh when it names none", async () => {
  const staticKeys = [{ kind: "dataplane", kid: "ext", pem: publicKeyPem(otherPem), mesh: "default" }] as const;
  const { validator, issue } = setUp({ staticKeys });
  const token = await issue({ kind: "dataplane", mesh: "" }, { kid: "ext", key: otherPem });
  expect(await validator.dataplane(token, "default")).toMatchObject({ kid: "ext" });
  await expect(validator.dataplane(token, "other")).rejects.toThrow(/Secret of name "dataplane-token-signing-key-other-ext" in mesh "other" is not found/);
});

test("with secrets off only configured keys count; broken ones stop the start", async () => {
  const { validator, issue } = setUp({ withoutSecrets: ["user"] });
  await expect(validator.user(await issue(user))).rejects.toThrow(/no signing key/);
  expect(() => setUp({ staticKeys: [{ kind: "user", kid: "", pem }] })).toThrow(/\.KID is required/);
  expect(() => setUp({ staticKeys: [{ kind: "user", kid: "a", pem: "hello" }] })).toThrow(/publicKeys\[0\] \(kid a\)/);
});

test("lifetimes are positive and limited", async () => {
  expect(checkTokenLife(-1)[0]?.message).toBe("must be positive");
  expect(checkTokenLife(87_841 * hour)[0]?.message).toContain("KUMA_TOKENS_MAX_VALID_FOR");
  expect(checkTokenLife(87_600 * hour)).toEqual([]);
  await expect(setUp().issue(user, { validForMs: 0 })).rejects.toThrow("validFor: must be positive");
});

test("keys are read in every form and refused otherwise without being repeated", () => {
  expect(pem).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
  expect(publicKeyPem(pem)).toMatch(/^-----BEGIN RSA PUBLIC KEY-----/);
  const der = parseSigningKey(pem).export({ type: "pkcs1", format: "der" });
  expect(parseSigningKey(der).equals(parseSigningKey(pem))).toBe(true);
  expect(() => parseVerifyingKey("-----BEGIN X-----\nAA==\n-----END X-----")).toThrow('invalid key encoding "X"');
  expect(() => parseSigningKey(pem.replace("MII", "AAA"))).toThrow(/^provided file is not a PEM-encoded signing key$/);
});

test("the highest number signs; leading zeros stay in the id and are found by number", () => {
  const prefix = signingKeySecret("zone", "", "0");
  const keys = keysNamed(prefix, [{ name: prefix, data: "k0" }, { name: `${prefix}-0002`, data: "k2" }, { name: `${prefix}-1`, data: "k1" }, { name: "zone-token-signing-keys", data: "no" }]);
  expect(keys.map((it) => it.kid)).toEqual(["0002", "1", "0"]);
  expect([findKey(keys, "0002"), findKey(keys, "2"), findKey(keys, "1"), findKey(keys, "0"), findKey(keys, "3")]).toEqual(["k2", "k2", "k1", "k0", undefined]);
});

test("a missing key for issuing is not found", () => {
  const none: KeySource = { find: () => undefined, latest: () => undefined };
  expect(() => requireLatestKey(none, "dataplane", "m")).toThrow('Secret of name "dataplane-token-signing-key-m-1" in mesh "m" is not found');
});

test("revocations may be separated by commas, blanks and any line end", () => {
  expect([...parseRevocations(" a,b ,\r\nc\n\n d\t,,e\n")]).toEqual(["a", "b", "c", "d", "e"]);
  expect(parseRevocations("\n").size).toBe(0);
});

test("every kind names its secret", () => {
  const kinds: TokenKind[] = ["dataplane", "zone", "user"];
  expect(kinds.map((it) => signingKeySecret(it, "m", "1"))).toEqual(["dataplane-token-signing-key-m-1", "zone-token-signing-key-1", "user-token-signing-key-1"]);
});
