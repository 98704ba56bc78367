// Users: who is taken for the administrator, who may do what, what is written down.
import { memoryLog } from "#platform/fake";
import { unauthenticated } from "#resources";
import { expect, test, vi } from "vitest";
import { anonymousRights, staticAccess } from "./access.ts";
import { createAudit } from "./audit.ts";
import { authenticateUser, isLocalCall, type CallFacts } from "./authenticate-user.ts";
import { anyLocalPeer, type LocalPeers } from "./local-peers.ts";
import type { TokenValidator } from "./tokens/validate.ts";
import { adminUser, anonymousUser, controlPlaneUser } from "./users.ts";

const from = (remoteAddress: string | undefined) => ({ connection: { remoteAddress } });
const call = (headers: Record<string, string[]> = {}, more: Partial<CallFacts> = {}): CallFacts => ({
  ...from("127.0.0.1"), isTls: false, clientCertificate: undefined, headers: { host: ["localhost:5681"], ...headers }, ...more,
});

const admins: [string, CallFacts][] = [
  ["a plain call", call()],
  ["an IPv6 call", call({ host: ["[::1]:5681"] }, from("::1"))],
  ["a mapped address", call({ host: ["127.0.0.1:5681"] }, from("::ffff:127.0.0.1"))],
  ["upper case and a trailing dot", call({ host: ["LOCALHOST.:5681"] })],
  ["its own page", call({ origin: ["http://localhost:5681"], "sec-fetch-site": ["same-origin"] })],
  ["its own page on the TLS port", call({ host: ["localhost:5682"], origin: ["https://localhost:5682"] }, { isTls: true })],
  ["a default port", call({ host: ["localhost"], origin: ["http://localhost:80"] })],
];
for (const [what, facts] of admins) test(`${what} from this machine is the administrator's`, () => expect(isLocalCall(facts)).toBe(true));

const strangers: [string, CallFacts][] = [
  ["another machine", call({}, from("10.0.0.1"))],
  ["an unknown peer", call({}, from(undefined))],
  ["a proxy (Via)", call({ via: ["1.1 x"] })],
  ["a proxy (Forwarded)", call({ forwarded: ["for=1.2.3.4"] })],
  ["a proxy (X-Forwarded-For)", call({ "x-forwarded-for": [""] })],
  ["a proxy (X-Forwarded-Host)", call({ "x-forwarded-host": ["a"] })],
  ...["via", "cdn-loop", "x-client-ip", "client-ip", "true-client-ip", "fastly-client-ip", "wl-proxy-client-ip", "cf-connecting-ip", "cf-ray", "x-azure-clientip", "x-amz-cf-id", "cloudfront-viewer-address", "x-envoy-external-address", "x-original-forwarded-for"].map((name): [string, CallFacts] => [`a proxy or delivery network (${name})`, call({ [name]: [""] })]),
  ["a proxy (X-Real-IP)", call({ "x-real-ip": ["1.2.3.4"] })],
  ["a rebound name", call({ host: ["evil.example:5681"] })],
  ["a name that begins like ours", call({ host: ["localhost.evil.example"] })],
  ["two hosts", call({ host: ["localhost", "evil.example"] })],
  ["no host", call({ host: [] })],
  ["port 0", call({ host: ["localhost:0"] })],
  ["port 65536", call({ host: ["localhost:65536"] })],
  ["a user in the host", call({ host: ["a@localhost"] })],
  ["a foreign page", call({ "sec-fetch-site": ["cross-site"] })],
  ["a second, foreign fetch site", call({ "sec-fetch-site": ["none", "cross-site"] })],
  ["a foreign origin", call({ origin: ["http://evil.example"] })],
  ["a second, foreign origin", call({ origin: ["http://localhost:5681", "http://evil.example"] })],
  ["an https origin on the http port", call({ origin: ["https://localhost:5681"] })],
  ["another port's page", call({ origin: ["http://localhost:3000"] })],
  ["an origin with a path", call({ origin: ["http://localhost:5681/x"] })],
  ["a null origin", call({ origin: ["null"] })],
];
for (const [what, facts] of strangers) test(`${what} is not the administrator`, () => expect(isLocalCall(facts)).toBe(false));

const validator: TokenValidator = {
  dataplane: () => Promise.reject(new Error()), zone: () => Promise.reject(new Error()), whyInvalid: () => undefined,
  user: (token) => (token === "good" ? Promise.resolve({ name: "ann", groups: ["team"], kid: "1", keyHash: "h", jti: "j", exp: 9 }) : Promise.reject(unauthenticated("token is revoked"))),
};
const as = (facts: CallFacts, type: "tokens" | "adminClientCerts" = "tokens", localAdmins: LocalPeers | undefined = anyLocalPeer) => authenticateUser(facts, { localAdmins, type, validator });
const remote = (headers: Record<string, string[]> = {}) => call(headers, from("10.0.0.1"));

test("the bearer of a token gets its name, its groups and the group of all authenticated users", async () => {
  const { user, by, facts } = await as(remote({ authorization: ["Bearer good"] }));
  expect(user).toEqual({ name: "ann", groups: ["team", "mesh-system:authenticated"] });
  expect([by, facts]).toEqual(["token", { kind: "user", mesh: "", user: "ann", kid: "1", keyHash: "h", jti: "j", exp: 9 }]);
});

test("a credential of another scheme is refused, never anonymous", async () => {
  for (const value of ["Basic eA==", "Bearer", "Negotiate abc", "x", ""]) await expect(as(remote({ authorization: [value] }))).rejects.toThrow(/not "Bearer <token>"/);
});

test("an invalid token is refused in any spelling of Bearer, no token is anonymous", async () => {
  await expect(as(remote({ authorization: ["Bearer bad"] }))).rejects.toThrow("token is revoked");
  await expect(as(remote({ authorization: ["bearer bad"] }))).rejects.toThrow("token is revoked");
  await expect(as(remote({ authorization: ["Bearer good", "Bearer good"] }))).rejects.toThrow(/more than once/);
  expect((await as(remote())).user).toBe(anonymousUser);
});

test("this machine is the administrator only while the setting says so", async () => {
  expect((await as(call({ authorization: ["Bearer bad"] }))).user).toBe(adminUser);
  expect((await authenticateUser(call(), { localAdmins: undefined, type: "tokens", validator })).user).toBe(anonymousUser);
});

test("another user of this machine is anonymous, learns why, and may log in", async () => {
  const stranger: LocalPeers = async () => ({ is: "other", uid: 1001 });
  expect((await as(call(), "tokens", stranger)).user).toEqual({ ...anonymousUser, because: expect.stringContaining("is user 1001's") as string });
  expect((await as(call(), "tokens", async () => ({ is: "unknown" }))).user.because).toContain("has no known user");
  expect((await as(call({ authorization: ["Bearer good"] }), "tokens", stranger)).user.name).toBe("ann");
});

test("nobody is looked up who could not be the administrator anyway", async () => {
  const asked = vi.fn(anyLocalPeer);
  for (const facts of [remote(), call({ via: ["1.1 x"] })]) expect((await as(facts, "tokens", asked)).user).toBe(anonymousUser);
  expect(asked).not.toHaveBeenCalled();
});

test("without a verified client certificate nobody is its holder", async () => {
  expect((await as(remote({ authorization: ["Bearer good"] }), "adminClientCerts")).user).toBe(anonymousUser);
});

const access = staticAccess();
const ann = { name: "ann", groups: ["mesh-system:authenticated"] };

test("secrets are the administrators', everything else may be read by all and written by whoever has a credential", () => {
  const secret = { name: "Secret", adminOnly: true };
  expect(() => access.requireResource(secret, anonymousUser, "get")).toThrow('user "mesh-system:anonymous/mesh-system:unauthenticated" cannot access the resource of type "Secret"');
  for (const user of [adminUser, controlPlaneUser, { name: "x", groups: ["mesh-system:admin"] }]) access.requireResource(secret, user, "update");
  for (const operation of ["get", "list"] as const) access.requireResource({ name: "Mesh" }, anonymousUser, operation);
  for (const operation of ["create", "update", "delete"] as const) {
    access.requireResource({ name: "Mesh" }, ann, operation);
    expect(() => access.requireResource({ name: "Mesh" }, anonymousUser, operation)).toThrow(`cannot ${operation} the resource of type "Mesh"; log in with a user token: kumactl config control-planes add`);
  }
  access.requireEntry(anonymousUser);
});

test("callers without a credential may be shut out, or write as in Kuma", () => {
  const [closed, open] = [staticAccess(undefined, "none"), staticAccess(undefined, "write")];
  expect(() => closed.requireEntry(anonymousUser)).toThrow(/cannot access this control plane; log in/);
  expect(() => closed.requireResource({ name: "Mesh" }, anonymousUser, "list")).toThrow(/cannot list/);
  for (const user of [ann, adminUser]) closed.requireEntry(user);
  open.requireResource({ name: "Mesh" }, anonymousUser, "delete");
  expect(() => open.requireResource({ name: "Secret", adminOnly: true }, anonymousUser, "get")).toThrow(/of type "Secret"$/);
});

test("a refusal says why this machine's caller is not its administrator", () => {
  const user = { ...anonymousUser, because: "is user 1001's" };
  for (const rights of anonymousRights) expect(() => staticAccess(undefined, rights).require("generateDpToken", user)).toThrow(/; is user 1001's; log in/);
});

test("denials carry Kuma's texts", () => {
  expect(() => access.require("generateDpToken", ann)).toThrow('user "ann/mesh-system:authenticated" cannot access generate dataplane token');
  expect(() => access.require("generateZoneToken", ann, { zone: "east" })).toThrow(`user "ann/mesh-system:authenticated" cannot access generate zone token for zone 'east'`);
  expect(() => access.require("generateUserToken", ann)).toThrow(/^action not allowed$/);
  expect(access.mayAccess("viewStats", ann)).toBe(true);
});

test("a caller who only bears the control plane's name has none of its rights", () => {
  expect(access.mayAccess("adminResources", { name: "mesh-system:control-plane", groups: [] })).toBe(false);
});

test("an audit line says who did what and shows no query", () => {
  const log = memoryLog();
  createAudit(log)({ outcome: "denied", action: "GET /global-secrets/a?token=abc", user: ann, by: "token", jti: "j", refusal: "access-denied" });
  expect(log.lines).toEqual(['warn audit denied {"action":"GET /global-secrets/a","user":"ann/mesh-system:authenticated","by":"token","refusal":"access-denied","jti":"j"}']);
});
