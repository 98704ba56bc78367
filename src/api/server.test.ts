// The API as clients see it: bodies, pages, refusals.
import { request as httpRequest } from "node:http";
import { expect, test } from "vitest";
import { denied, KumaError, unauthenticated } from "#resources";
import { anApi } from "./fake/api.ts";

test("a body is indented by one space, ends with a newline and has no charset", async () => {
  const { get } = anApi();
  const answer = await get("/who-am-i");
  expect(answer.body).toBe('{\n "name": "alice",\n "groups": [\n  "devs"\n ]\n}\n');
  expect(answer.headers["content-type"]).toBe("application/json");
});
test("a page links to the next one, its query in order", async () => {
  const { get, mesh } = anApi();
  for (const name of ["a", "b", "c"]) await mesh(name);
  expect((await get("/meshes?size=2&name=")).json()).toMatchObject({ total: 3, items: [{ name: "a" }, { name: "b" }], next: "http://localhost:80/meshes?name=&offset=2&size=2" });
  expect((await get("/meshes?size=2&offset=2")).json()).toMatchObject({ items: [{ name: "c" }], next: null });
});
test("unknown paths, wrong methods, foreign media types are answered in plain text", async () => {
  const { app, get, put } = anApi();
  expect(await get("/nope")).toMatchObject({ statusCode: 404, body: "404: Page Not Found" });
  expect(await app.inject({ method: "PATCH", url: "/meshes/default" })).toMatchObject({ statusCode: 405, body: "405: Method Not Allowed", headers: { allow: "PUT, DELETE, GET" } });
  expect(await app.inject({ method: "HEAD", url: "/meshes" })).toMatchObject({ statusCode: 405 });
  expect(await get("/meshes", { accept: "text/plain" })).toMatchObject({ statusCode: 406 });
  expect(await put("/meshes/m", "{}", { "content-type": "text/plain" })).toMatchObject({ statusCode: 415, body: "415: Unsupported Media Type" });
  expect(await get("/meshes//dataplanes")).toMatchObject({ statusCode: 307, headers: { location: "/meshes/dataplanes" } });
  expect((await get("/meshes/")).statusCode).toBe(200);
});
test("malformed JSON is a bad request that names the kind", async () => {
  const { put } = anApi();
  for (const body of ["{", "", '{"type":"Mesh"']) expect((await put("/meshes/m", body)).json()).toMatchObject({ status: 400, title: "Bad Request", detail: 'invalid Mesh object: "unexpected end of JSON input"' });
  expect((await put("/meshes/m", "null")).statusCode).toBe(400);
});
test("a body beyond the limit is refused", async () => {
  const { put } = anApi({ bodyLimitBytes: 1000 });
  expect((await put("/meshes/m", JSON.stringify({ type: "Mesh", name: "m", x: "y".repeat(2000) }))).statusCode).toBe(413);
});
test("a body that does not arrive is cut off", async () => {
  const { app, platform } = anApi({ readTimeoutMs: 5000 });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const address = app.server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  let advancing: NodeJS.Timeout | undefined;
  const status = await new Promise((resolve, reject) => {
    const client = httpRequest({ port, host: "127.0.0.1", method: "PUT", path: "/meshes/m", headers: { "content-type": "application/json", "content-length": "100" } }, (answer) => resolve(answer.statusCode));
    client.on("error", reject);
    client.write("{");
    // Under load the request may arrive late.
    advancing = setInterval(() => platform.clock.advance(5000), 100);
  });
  clearInterval(advancing);
  expect(status).toBe(408);
  await app.close();
});
test("who shows bad credentials is told so, except at the root", async () => {
  const { get } = anApi({ authenticate: () => { throw new KumaError(unauthenticated("expired").failure, { attempt: "Invalid authentication data" }); } });
  expect((await get("/meshes")).json()).toMatchObject({ status: 401, title: "Invalid authentication data", detail: "Unauthenticated" });
  expect((await get("/")).json()).toMatchObject({ product: "Kuma", version: "2.14.3", gui: "/gui" });
});
test("a denied user learns nothing about what exists", async () => {
  const { app, get } = anApi({ access: { check: (_writer, kind) => { if (kind.adminOnly) throw denied("no"); } } });
  for (const url of ["/meshes/nope/secrets", "/meshes/nope/secrets/x", "/secrets"]) expect((await get(url)).json()).toMatchObject({ status: 403, title: "Access Denied" });
  expect((await app.inject({ method: "DELETE", url: "/globalsecrets/x" })).statusCode).toBe(403);
});
test("an overview shows the insight beside its resource", async () => {
  const { get, mesh, put } = anApi();
  await mesh("default");
  await put("/meshes/default/dataplanes/d", { type: "Dataplane", mesh: "default", name: "d", networking: { address: "10.0.0.1" } });
  const item = { type: "DataplaneOverview", name: "d", dataplane: { networking: { address: "10.0.0.1" } } };
  expect((await get("/meshes/default/dataplanes/d/_overview")).json()).toMatchObject({ ...item, dataplaneInsight: {} });
  expect((await get("/dataplanes+insights")).json()).toMatchObject({ total: 1, items: [item] });
});
test("a token request is checked before a token is issued", async () => {
  const { app } = anApi();
  const post = (url: string, payload: string | object) => app.inject({ method: "POST", url, payload, headers: { "content-type": "application/json" } });
  expect(await post("/tokens/dataplane", { mesh: "default" })).toMatchObject({ statusCode: 200, body: "dp-token", headers: { "content-type": "text/plain" } });
  expect((await post("/tokens/dataplane", { type: "foo", validFor: "zz" })).json()).toMatchObject({
    title: "Invalid request", invalid_parameters: [{ field: "validFor", reason: 'is invalid: time: invalid duration "zz"' }, { field: "mesh" }, { field: "type", reason: "foo is not a valid proxy type" }],
  });
  expect((await post("/tokens/zone", {})).json()).toMatchObject({ invalid_parameters: [{ field: "scope", reason: "cannot be empty" }] });
  expect(await post("/tokens/dataplane", "{")).toMatchObject({ statusCode: 400, body: "" });
  expect((await post("/tokens/user", {})).statusCode).toBe(404);
});
test("what goes wrong inside stays inside", async () => {
  const { get, mesh, platform } = anApi({ inspect: { dataplaneRules: () => { throw new Error("a detail"); } } });
  await mesh("default");
  const answer = await get("/meshes/default/dataplanes/d/_rules");
  expect([answer.statusCode, answer.body.includes("a detail")]).toEqual([500, false]);
  expect(platform.log.lines.join()).toContain("a request failed");
});
test("fields that nothing reads are named beside the body, which stays what it was", async () => {
  const { put } = anApi();
  const answer = await put("/meshes/m", { type: "Mesh", name: "m", rooting: { zoneEgress: true }, "na\u00efve\"": 1 });
  expect([answer.statusCode, answer.body, answer.headers["warning"]]).toEqual([201, "{}\n", ['299 - "rooting is not a field of Mesh and is ignored"', '299 - "na?ve\\" is not a field of Mesh and is ignored"']]);
});
test("a key that is given twice is refused, and so is what is not UTF-8", async () => {
  const { put } = anApi();
  expect((await put("/meshes/m", '{"type":"Mesh","name":"m","name":"m"}')).json()).toMatchObject({ status: 400, detail: 'invalid Mesh object: "key \\"name\\" is given twice"' });
  expect((await put("/meshes/m", Buffer.from('{"type":"Mesh","name":"m","x":"\xff"}', "latin1"))).json()).toMatchObject({ status: 400, detail: 'invalid Mesh object: "the body is not UTF-8"' });
});
