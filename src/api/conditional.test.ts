// Conditional requests as clients see them: nobody overwrites what they have not read.
import { expect, test } from "vitest";
import { fakePlatform } from "#platform/fake";
import { kindsOf, type Place } from "#resources";
import { coreKinds } from "#resources/kinds";
import { memoryStore } from "#store";
import { openWriteDoor } from "#write";
import { createApi } from "./index.ts";

const place: Place = { mode: "zone", zone: "default", federated: false, environment: "universal", systemNamespace: "kuma-system" };

function anApi() {
  const platform = fakePlatform();
  const store = memoryStore(platform);
  const kinds = kindsOf(coreKinds);
  const access = { check: () => {} };
  const door = openWriteDoor({ store, kinds, place, access, isApiReadOnly: false, allowsAuthorityChange: true, unsafeDelete: false, certificateBackends: new Map(), isZoneOnline: () => false });
  const about = { hostname: "h", instanceId: "i", version: "2.14.3", gui: "", clusterId: () => "", config: () => ({}) };
  const app = createApi({ store, door, kinds, place, access, isApiReadOnly: false, log: platform.log, clock: platform.clock, authenticate: () => ({ name: "alice", groups: [] }), about });
  const put = (enabled: boolean, condition: Record<string, string> = {}) =>
    app.inject({ method: "PUT", url: "/zones/z", payload: { type: "Zone", name: "z", enabled }, headers: { "content-type": "application/json", ...condition } });
  const get = (headers: Record<string, string> = {}) => app.inject({ method: "GET", url: "/zones/z", headers });
  const remove = (headers: Record<string, string> = {}) => app.inject({ method: "DELETE", url: "/zones/z", headers });
  return { app, platform, store, put, get, remove, isEnabled: async (): Promise<unknown> => (await get()).json<{ enabled: unknown }>().enabled };
}

const tagOf = ({ headers }: { readonly headers: Record<string, unknown> }): string => String(headers["etag"]);

test("reading and writing a resource tell the same version", async () => {
  const { put, get } = anApi();
  const created = await put(true);
  expect([created.statusCode, tagOf(created)]).toEqual([201, tagOf(await get())]);
  expect(tagOf(created)).toMatch(/^"[0-9a-z-]+"$/);
  const updated = await put(false);
  expect([updated.statusCode, tagOf(updated)]).toEqual([200, tagOf(await get())]);
  expect(tagOf(updated)).not.toBe(tagOf(created));
});
test("a write on an outdated version is refused and changes nothing", async () => {
  const { put, isEnabled } = anApi();
  const old = tagOf(await put(true));
  const now = tagOf(await put(true));
  const refused = await put(false, { "if-match": old });
  expect([refused.statusCode, refused.json(), await isEnabled()]).toMatchObject([412, { status: 412, title: "Could not process a resource" }, true]);
  expect(refused.json<{ detail: string }>().detail).toContain(now);
  expect((await put(false, { "if-match": `"other", ${now}` })).statusCode).toBe(200);
  expect(await isEnabled()).toBe(false);
});
test("of two writes on the same version one wins", async () => {
  const { put } = anApi();
  const tag = tagOf(await put(true));
  const answers = await Promise.all([put(false, { "if-match": tag }), put(true, { "if-match": tag })]);
  expect(answers.map((it) => it.statusCode).toSorted((a, b) => a - b)).toEqual([200, 412]);
});
test("create only, replace only", async () => {
  const { put } = anApi();
  expect((await put(true, { "if-match": "*" })).statusCode).toBe(412);
  expect((await put(true, { "if-none-match": "*" })).statusCode).toBe(201);
  expect((await put(true, { "if-none-match": "*" })).statusCode).toBe(412);
  expect((await put(true, { "if-match": "*" })).statusCode).toBe(200);
});
test("a resource made anew is not the one that was deleted", async () => {
  const { put, remove, platform } = anApi();
  const old = tagOf(await put(true));
  await remove();
  platform.clock.advance(1);
  await put(true);
  expect((await remove({ "if-match": old })).statusCode).toBe(412);
});
test("deleting obeys the same condition", async () => {
  const { put, get, remove } = anApi();
  const old = tagOf(await put(true));
  const now = tagOf(await put(false));
  expect([(await remove({ "if-match": old })).statusCode, (await get()).statusCode]).toEqual([412, 200]);
  expect([(await remove({ "if-match": now })).statusCode, (await get()).statusCode]).toEqual([200, 404]);
});
test("what the caller has already is not sent again", async () => {
  const { put, get } = anApi();
  const tag = tagOf(await put(true));
  for (const condition of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) expect(await get({ "if-none-match": condition })).toMatchObject({ statusCode: 304, body: "" });
  expect((await get({ "if-none-match": '"x"' })).statusCode).toBe(200);
});
test("a weak tag is no ground for a write", async () => {
  const { put } = anApi();
  const tag = tagOf(await put(true));
  expect((await put(false, { "if-match": `W/${tag}` })).statusCode).toBe(412);
});
