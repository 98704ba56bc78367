// Port 5678, every way to be refused: ADS in both variants and POST /bootstrap, by every kind of credential that is no good.
import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bringing, connectProxy, typeUrl, type Closing } from "../../harness/ads.ts";
import { dataplaneResource, meshResource, startTestControlPlane, type TestControlPlane } from "../../harness/control-plane.ts";
import { forge, idOf, newKeyPem, secretResource, secretText } from "../../harness/tokens.ts";

let cp: TestControlPlane;
const tokens: Record<string, string> = {};
const secrets: string[] = [];

beforeAll(async () => {
  cp = await startTestControlPlane();
  await cp.put("/meshes/other", meshResource("other"));
  await cp.put("/meshes/default/dataplanes/stored", dataplaneResource("stored"));
  const key = await secretText(cp, "/meshes/default/secrets/dataplane-token-signing-key-default-1");
  const foreign = newKeyPem();
  const claims = { Name: "web", Mesh: "default", Tags: {}, Type: "dataplane", Workload: "" };
  const past = Math.floor(Date.now() / 1000) - 60;
  const retry = async (body: object) => {
    for (;;) {
      try {
        return await cp.token("dataplane", body);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  Object.assign(tokens, {
    none: "",
    garbage: "this is no token",
    "another mesh": await retry({ mesh: "other", name: "web" }),
    "another name": await cp.token("dataplane", { mesh: "default", name: "api" }),
    "another type": await cp.token("dataplane", { mesh: "default", name: "web", type: "ingress" }),
    "another tag": await cp.token("dataplane", { mesh: "default", tags: { "kuma.io/service": ["api"] } }),
    "a workload": await cp.token("dataplane", { mesh: "default", workload: "api" }),
    expired: forge({ key, claims: { ...claims, exp: past } }),
    "without an end": forge({ key, claims: { ...claims, exp: undefined } }),
    "not yet valid": forge({ key, claims: { ...claims, nbf: past + 7200 } }),
    "a foreign key": forge({ key: foreign, claims }),
    "an unknown key id": forge({ key: foreign, kid: "77", claims }),
    "no key id": forge({ key, kid: null, claims }),
    HS256: forge({ alg: "HS256", key, claims }),
    "no algorithm": forge({ alg: "none", key: "", claims }),
    "a zone's": await cp.token("zone", { zone: "default", scope: ["ingress", "egress"] }),
    "a user's": await cp.token("user", { name: "mesh-system:admin", groups: ["mesh-system:admin"] }),
    revoked: await cp.token("dataplane", { mesh: "default", name: "web" }),
  });
  await cp.put("/meshes/default/secrets/dataplane-token-revocations-default", secretResource("dataplane-token-revocations-default", idOf(tokens["revoked"] ?? ""), "default"));
  secrets.push(key, foreign, ...Object.values(tokens).filter((it) => it.length > 40));
});
afterAll(() => cp.stop());

/** What each is answered, in Kuma's words (spec/security.md 2.5, 3.3). */
const refusals: readonly (readonly [credential: string, reason: RegExp])[] = [
  ["none", /^authentication failed: could not parse token/],
  ["garbage", /^authentication failed: could not parse token/],
  ["another mesh", /^authentication failed: (could not parse token|proxy mesh from requestor: default is different than in token: other)/],
  ["another name", /^authentication failed: proxy name from requestor: web is different than in token: api$/],
  ["another type", /^authentication failed: proxy type from requestor/],
  ["another tag", /^authentication failed: dataplane contains tag "kuma.io\/service" with value "web" which is not allowed with this token/],
  ["a workload", /^authentication failed: dataplane has no workload label required by the token$/],
  ["expired", /^authentication failed: could not parse token: token is expired/],
  ["without an end", /^authentication failed: could not parse token: token has no expiration/],
  ["not yet valid", /^authentication failed: token is not yet valid: 'valid_from' date is in the future\./],
  ["a foreign key", /^authentication failed: could not parse token: signature verification failed/],
  ["an unknown key id", /^authentication failed: there is no signing key with KID 77\. Secret of name "dataplane-token-signing-key-default-77" in mesh "default" is not found/],
  ["no key id", /^authentication failed: could not parse token: JWT token must have kid header/],
  ["HS256", /^authentication failed: could not parse token: unsupported token alg HS256/],
  ["no algorithm", /^authentication failed: could not parse token: unsupported token alg none/],
  ["a zone's", /^authentication failed: could not parse token/],
  ["a user's", /^authentication failed: could not parse token/],
  ["revoked", /^authentication failed: token is revoked$/],
];

const refusedStream = async (credential: string | readonly string[], isDelta = false): Promise<Closing> => {
  const proxy = connectProxy(cp, { id: "default.web", token: credential, metadata: bringing(dataplaneResource("web")), isDelta });
  proxy.subscribe(typeUrl.cluster);
  try {
    return await proxy.closed();
  } finally {
    proxy.leave();
  }
};

const bootstrapBody = (more: object = {}) => ({ mesh: "default", name: "web", dataplaneResource: JSON.stringify(dataplaneResource("web")), ...more });

export const bootstrap = (body: unknown, headers: Record<string, string> = {}) =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port: cp.ports.dp, path: "/bootstrap", method: "POST", ca: cp.caPem, agent: false, headers: { "content-type": "application/json", accept: "application/json", ...headers } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on("error", reject);
    call.end(typeof body === "string" ? body : JSON.stringify(body));
  });

describe("a stream", () => {
  for (const [credential, reason] of refusals) {
    test(`with the token "${credential}" is refused, and nothing is registered`, async () => {
      for (const isDelta of [false, true]) {
        const { code, message } = await refusedStream(tokens[credential] ?? "", isDelta);
        expect(message).toMatch(reason);
        expect(code).toBe(16);
      }
      expect((await cp.get("/meshes/default/dataplanes/web")).status).toBe(404);
    });
  }

  test("with two credentials is refused, whichever of them is good", async () => {
    const good = await cp.token("dataplane", { mesh: "default", name: "web" });
    expect((await refusedStream([good, tokens["garbage"] ?? ""])).message).toMatch(/must have exactly 1 "authorization" header, got 2/);
  });

  test("that takes the name of a stored proxy by a token bound to other tags is refused, and the stored one stays", async () => {
    const token = await cp.token("dataplane", { mesh: "default", tags: { "kuma.io/service": ["evil"] } });
    const proxy = connectProxy(cp, { id: "default.stored", token, metadata: bringing(dataplaneResource("stored", { tags: { "kuma.io/service": "evil" } })) });
    proxy.subscribe(typeUrl.cluster);
    const { code, message } = await proxy.closed();
    expect([code, message]).toEqual([16, expect.stringContaining("you are trying to override existing proxy to which you don't have an access.")]);
    expect((await cp.get("/meshes/default/dataplanes/stored")).text).not.toContain("evil");
    proxy.leave();
  });

  test("whose resource is that of another is refused", async () => {
    const token = await cp.token("dataplane", { mesh: "default" });
    const proxy = connectProxy(cp, { id: "default.web", token, metadata: bringing(dataplaneResource("stored")) });
    proxy.subscribe(typeUrl.cluster);
    expect((await proxy.closed()).message).toMatch(/proxyId default\.web does not match proxy resource default\.stored/);
    proxy.leave();
  });

  test("of a zone proxy needs its scope and its zone", async () => {
    const zoneToken = async (claims: object) => {
      const token = await cp.token("zone", claims);
      secrets.push(token);
      const metadata = { "dataplane.proxyType": "ingress", "dataplane.resource": JSON.stringify({ type: "ZoneIngress", name: "in", networking: { address: "127.0.0.1", port: 10001, advertisedAddress: "10.0.0.1", advertisedPort: 10001 } }) };
      const proxy = connectProxy(cp, { id: ".in", token, metadata });
      proxy.subscribe(typeUrl.cluster);
      const { code, message } = await proxy.closed();
      proxy.leave();
      expect(code).toBe(16);
      return message;
    };
    expect(await zoneToken({ zone: "default", scope: ["egress"] })).toMatch(/ingress is out of token's scope: \[egress\]/);
    expect(await zoneToken({ zone: "elsewhere", scope: ["ingress"] })).toMatch(/zone from requestor: default is different than in token: elsewhere/);
  });
});

describe("POST /bootstrap", () => {
  for (const [credential, reason] of refusals.filter(([it]) => it !== "none")) {
    test(`with the token "${credential}" is refused`, async () => {
      const { status, text } = await bootstrap(bootstrapBody({ dataplaneToken: tokens[credential] }));
      // A key that is not there may come: 503 makes kuma-dp try again.
      expect(status).toBe(text.startsWith("there is no signing key") ? 503 : 401);
      expect(`authentication failed: ${text}`).toMatch(reason);
    });
  }

  test("without a token says how to make one", async () => {
    const { status, text } = await bootstrap(bootstrapBody());
    expect([status, text.slice(0, 28)]).toEqual([422, "Dataplane Token is required."]);
  });

  test("with a token's path but no token is no way around it", async () => {
    expect((await bootstrap(bootstrapBody({ dataplaneTokenPath: "/tmp/token" }))).status).toBe(401);
  });

  test("tells a caller without a good token nothing of what exists", async () => {
    const token = tokens["a foreign key"];
    const known = await bootstrap({ mesh: "default", name: "stored", dataplaneToken: token });
    const unknown = await bootstrap({ mesh: "default", name: "unknown", dataplaneToken: token });
    expect(known).toEqual(unknown);
  });
});

test("no token and no private key appears in any line of the log", () => {
  const lines = cp.log.join("");
  expect(cp.log.length).toBeGreaterThan(50);
  for (const secret of secrets) for (const part of piecesOf(secret)) expect(lines.includes(part)).toBe(false);
  expect(lines).not.toContain("PRIVATE KEY");
});

/** The telling parts: a token's claims and signature, a line in the middle of a PEM. */
const piecesOf = (secret: string): readonly string[] =>
  secret.includes("PRIVATE KEY") ? [secret.split("\n")[3] ?? secret] : secret.split(".").slice(1).filter((it) => it.length > 40).map((it) => it.slice(0, 40));
