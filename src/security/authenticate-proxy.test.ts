// A proxy's stream opens only for the proxy its token was issued for.
import { unauthenticated } from "#resources";
import { expect, test } from "vitest";
import { authenticateProxy, proxyCredential, whyProxyEnds, type ProxyIdentity } from "./authenticate-proxy.ts";
import type { DataplaneClaims, ZoneClaims } from "./tokens/token.ts";
import type { TokenValidator } from "./tokens/validate.ts";

const web: ProxyIdentity = {
  type: "dataplane", mesh: "default", name: "web-1", zone: "east", workloadBound: false, labels: {},
  tags: new Map([["kuma.io/service", new Set(["web", "web-api"])]]),
};

function authenticate(claims: Partial<DataplaneClaims & ZoneClaims>, proxy: Partial<ProxyIdentity> = {}, types: { dataplanes?: "none"; zoneProxies?: "none"; acceptsZoneTokensWithoutZone?: boolean } = {}) {
  const fixed = { kid: "1", keyHash: "h", jti: "j", exp: 5 };
  const validator: TokenValidator = {
    dataplane: (token) => (token ? Promise.resolve({ name: "", mesh: "", tags: new Map(), type: "", workload: "", ...fixed, ...claims }) : Promise.reject(unauthenticated("could not parse token"))),
    zone: () => Promise.resolve({ zone: "", scope: [], ...fixed, ...claims }),
    user: () => Promise.reject(new Error("not asked")),
    whyInvalid: () => "token is revoked",
  };
  return authenticateProxy("token", { ...web, ...proxy }, { validator, dataplanes: types.dataplanes ?? "dpToken", zoneProxies: types.zoneProxies ?? "zoneToken", acceptsZoneTokensWithoutZone: types.acceptsZoneTokensWithoutZone ?? false });
}

test("an unbound token opens any dataplane's stream and yields the facts of its session", async () => {
  expect((await authenticate({})).facts).toEqual({ kind: "dataplane", mesh: "default", proxy: "dataplane/default/web-1", kid: "1", keyHash: "h", jti: "j", exp: 5 });
});

const tags = (values: string[]) => new Map([["kuma.io/service", values]]);
const refused: [string, Parameters<typeof authenticate>, string][] = [
  ["another name", [{ name: "db-1" }], "proxy name from requestor: web-1 is different than in token: db-1"],
  ["another mesh", [{ mesh: "other" }], "proxy mesh from requestor: default is different than in token: other"],
  ["a zone proxy's type", [{ type: "ingress" }], "proxy type from requestor: dataplane is different than in token: ingress"],
  ["a tag it has not", [{ tags: new Map([["version", ["1"]]]) }], 'dataplane has no tag "version" required by the token'],
  ["one of its two values", [{ tags: tags(["web"]) }], 'dataplane contains tag "kuma.io/service" with value "web-api" which is not allowed with this token. Allowed values in token are ["web"]'],
  ["a workload it has not", [{ workload: "w" }], "dataplane has no workload label required by the token"],
  ["another workload", [{ workload: "w" }, { labels: { "kuma.io/workload": "v" } }], 'dataplane workload "v" is not allowed with this token. Allowed workload in token is "w"'],
  ["no workload though its identity derives from it", [{}, { labels: { "kuma.io/workload": "v" }, workloadBound: true }], 'dataplane with "kuma.io/workload" label "v" derives its identity from the workload, so it requires a workload-bound token'],
  ["the other scope", [{ scope: ["egress"] }, { type: "ingress" }], "token cannot be used to authenticate zone entity (ingress is out of token's scope: [egress])"],
  ["another zone", [{ scope: ["egress"], zone: "west" }, { type: "egress" }], "zone from requestor: east is different than in token: west"],
];
for (const [what, given, text] of refused) {
  test(`a token for ${what} is refused with Kuma's text`, async () => {
    await expect(authenticate(...given)).rejects.toMatchObject({ message: text, failure: { is: "unauthenticated" } });
  });
}

test("tokens that cover the proxy pass", async () => {
  await authenticate({ name: "web-1", mesh: "default", type: "dataplane", tags: tags(["web", "web-api", "more"]) });
  await authenticate({ workload: "w" }, { labels: { "kuma.io/workload": "w" }, workloadBound: true });
  await authenticate({ scope: ["ingress", "egress"], zone: "east" }, { type: "egress" });
});

test("a zone token without a zone opens nothing, unless that is allowed", async () => {
  await expect(authenticate({ scope: ["egress"] }, { type: "egress" })).rejects.toThrow(/names no zone.*--zone=east/);
  expect((await authenticate({ scope: ["egress"] }, { type: "egress" }, { acceptsZoneTokensWithoutZone: true })).facts.kind).toBe("zone");
});

test("type none accepts everything, per kind of proxy", async () => {
  expect((await authenticate({ name: "x" }, {}, { dataplanes: "none" })).facts.kind).toBe("none");
  await expect(authenticate({}, { type: "ingress" }, { dataplanes: "none" })).rejects.toThrow(/out of token's scope/);
});

test("a stream carries exactly one credential; none is an empty one", () => {
  expect(proxyCredential([])).toBe("");
  expect(() => proxyCredential(["a", "b"])).toThrow('request must have exactly 1 "authorization" header, got 2');
});

test("only sessions opened by a token are ended by token changes", async () => {
  const validator: TokenValidator = { dataplane: () => Promise.reject(new Error()), zone: () => Promise.reject(new Error()), user: () => Promise.reject(new Error()), whyInvalid: () => "token is revoked" };
  const why = whyProxyEnds(validator);
  expect([why({ kind: "zone", kid: "1", keyHash: "h", jti: "j" }), why({ kind: "none" })]).toEqual(["token is revoked", undefined]);
});
