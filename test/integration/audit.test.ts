// What leaves a trace: who was refused what and why, who saw secrets, who changed things, which tokens were made. Codes, never credentials.
import { afterAll, beforeAll, expect, test } from "vitest";
import { bringing, connectProxy, typeUrl } from "../harness/ads.ts";
import { dataplaneResource, startTestControlPlane, until, type TestControlPlane } from "../harness/control-plane.ts";
import { forge, idOf, newKeyPem, secretResource } from "../harness/tokens.ts";

let cp: TestControlPlane;
beforeAll(async () => {
  cp = await startTestControlPlane();
});
afterAll(() => cp.stop());

const stranger = { "x-forwarded-for": "203.0.113.9" };

/** The audit lines that an action has left. */
async function traces(act: () => Promise<unknown>): Promise<readonly (readonly [outcome: string, fields: Record<string, unknown>])[]> {
  const before = cp.log.length;
  await act();
  const lines = () => cp.log.slice(before).filter((it) => it.split("\t")[2] === "audit");
  await until(() => lines().length > 0);
  return lines().map((it) => {
    const [, , , outcome = "", fields = "{}"] = it.split("\t");
    return [outcome, JSON.parse(fields) as Record<string, unknown>];
  });
}

test("an anonymous write is refused with a line that says who, what and from where", async () => {
  const [line] = await traces(() => cp.send("PUT", "/meshes/other", { ...stranger, "content-type": "application/json" }, "{}"));
  expect(line).toEqual(["denied", expect.objectContaining({ action: "PUT /meshes/other", user: "mesh-system:anonymous/mesh-system:unauthenticated", by: "nothing", remote: "127.0.0.1", refusal: "access-denied" })]);
});

test("a bad token is named by what is wrong with it, and does not appear itself", async () => {
  const token = forge({ key: newKeyPem(), kid: "77", claims: { Name: "ann", Groups: [] } });
  const [line] = await traces(() => cp.send("GET", "/meshes?x=1", { ...stranger, authorization: `Bearer ${token}` }));
  expect(line).toEqual(["denied", expect.objectContaining({ action: "GET /meshes", refusal: "token-key-unknown" })]);
  expect(cp.log.join()).not.toContain(token);
});

test("who sees a secret, changes something or gets a token leaves a line; who reads leaves none", async () => {
  const name = "seen";
  expect(await traces(() => cp.put(`/global-secrets/${name}`, secretResource(name, "x")))).toEqual([["allowed", expect.objectContaining({ action: "PUT /global-secrets/seen", user: expect.stringMatching(/^mesh-system:admin/), by: "localhost" })]]);
  expect(await traces(() => cp.get(`/global-secrets/${name}`))).toEqual([["allowed", expect.objectContaining({ action: "GET /global-secrets/seen" })]]);
  let token = "";
  const issued = await traces(async () => (token = await cp.token("dataplane", { mesh: "default", name: "web" })));
  expect(issued).toEqual([["allowed", expect.objectContaining({ action: "POST /tokens/dataplane", jti: idOf(token) })]]);
  const after = await traces(async () => {
    await cp.get("/meshes");
    await cp.remove(`/global-secrets/${name}`);
  });
  expect(after.map(([, { action }]) => action)).toEqual(["DELETE /global-secrets/seen"]);
});

test("a proxy that is refused leaves a line with its name, at the stream and in the log", async () => {
  const token = await cp.token("dataplane", { mesh: "default", name: "somebody-else" });
  const [line] = await traces(async () => {
    const proxy = connectProxy(cp, { id: "default.web", token, metadata: bringing(dataplaneResource("web")) });
    proxy.subscribe(typeUrl.cluster);
    await proxy.closed();
    proxy.leave();
  });
  expect(line).toEqual(["denied", expect.objectContaining({ action: "open a stream", user: "dataplane/default.web/", refusal: "proxy-not-covered", remote: expect.stringContaining("127.0.0.1") })]);
  expect(cp.log.find((it) => it.includes("a stream was refused"))).toContain('"refusal":"proxy-not-covered"');
});
