// Conditional requests as clients see them: nobody overwrites what they have not read.
import { expect, test } from "vitest";
import { anApi } from "./fake/api.ts";

function aZone() {
  const { platform, ...api } = anApi();
  const put = (enabled: boolean, condition: Record<string, string> = {}) => api.put("/zones/z", { type: "Zone", name: "z", enabled }, condition);
  const get = (headers: Record<string, string> = {}) => api.get("/zones/z", headers);
  const remove = (headers: Record<string, string> = {}) => api.remove("/zones/z", headers);
  return { platform, put, get, remove, isEnabled: async (): Promise<unknown> => (await get()).json<{ enabled: unknown }>().enabled };
}

const tagOf = ({ headers }: { readonly headers: Record<string, unknown> }): string => String(headers["etag"]);

test("reading and writing a resource tell the same version", async () => {
  const { put, get } = aZone();
  const created = await put(true);
  expect([created.statusCode, tagOf(created)]).toEqual([201, tagOf(await get())]);
  expect(tagOf(created)).toMatch(/^"[0-9a-z-]+"$/);
  const updated = await put(false);
  expect([updated.statusCode, tagOf(updated)]).toEqual([200, tagOf(await get())]);
  expect(tagOf(updated)).not.toBe(tagOf(created));
});
test("a write on an outdated version is refused and changes nothing", async () => {
  const { put, isEnabled } = aZone();
  const old = tagOf(await put(true));
  const now = tagOf(await put(true));
  const refused = await put(false, { "if-match": old });
  expect([refused.statusCode, refused.json(), await isEnabled()]).toMatchObject([412, { status: 412, title: "Could not process a resource" }, true]);
  expect(refused.json<{ detail: string }>().detail).toContain(now);
  expect((await put(false, { "if-match": `"other", ${now}` })).statusCode).toBe(200);
  expect(await isEnabled()).toBe(false);
});
test("of two writes on the same version one wins", async () => {
  const { put } = aZone();
  const tag = tagOf(await put(true));
  const answers = await Promise.all([put(false, { "if-match": tag }), put(true, { "if-match": tag })]);
  expect(answers.map((it) => it.statusCode).toSorted((a, b) => a - b)).toEqual([200, 412]);
});
test("create only, replace only", async () => {
  const { put } = aZone();
  expect((await put(true, { "if-match": "*" })).statusCode).toBe(412);
  expect((await put(true, { "if-none-match": "*" })).statusCode).toBe(201);
  expect((await put(true, { "if-none-match": "*" })).statusCode).toBe(412);
  expect((await put(true, { "if-match": "*" })).statusCode).toBe(200);
});
test("a resource made anew is not the one that was deleted", async () => {
  const { put, remove, platform } = aZone();
  const old = tagOf(await put(true));
  await remove();
  platform.clock.advance(1);
  await put(true);
  expect((await remove({ "if-match": old })).statusCode).toBe(412);
});
test("deleting obeys the same condition", async () => {
  const { put, get, remove } = aZone();
  const old = tagOf(await put(true));
  const now = tagOf(await put(false));
  expect([(await remove({ "if-match": old })).statusCode, (await get()).statusCode]).toEqual([412, 200]);
  expect([(await remove({ "if-match": now })).statusCode, (await get()).statusCode]).toEqual([200, 404]);
});
test("what the caller has already is not sent again", async () => {
  const { put, get } = aZone();
  const tag = tagOf(await put(true));
  for (const condition of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) expect(await get({ "if-none-match": condition })).toMatchObject({ statusCode: 304, body: "" });
  expect((await get({ "if-none-match": '"x"' })).statusCode).toBe(200);
});
test("a weak tag is no ground for a write", async () => {
  const { put } = aZone();
  const tag = tagOf(await put(true));
  expect((await put(false, { "if-match": `W/${tag}` })).statusCode).toBe(412);
});
