// A collection as lines: all of it, filtered like a list, and no faster than its reader.
import { expect, test } from "vitest";
import { fakePlatform } from "#platform/fake";
import { kindsOf, type Place } from "#resources";
import { coreKinds } from "#resources/kinds";
import { memoryStore } from "#store";
import { openWriteDoor } from "#write";
import { createApi } from "./index.ts";

const place: Place = { mode: "zone", zone: "default", federated: false, environment: "universal", systemNamespace: "kuma-system" };

async function zones(count: number) {
  const platform = fakePlatform();
  const store = memoryStore(platform);
  const kinds = kindsOf(coreKinds);
  const access = { check: () => {} };
  const door = openWriteDoor({ store, kinds, place, access, isApiReadOnly: false, allowsAuthorityChange: true, unsafeDelete: false, certificateBackends: new Map(), isZoneOnline: () => false });
  const about = { hostname: "h", instanceId: "i", version: "2.14.3", gui: "", clusterId: () => "", config: () => ({}) };
  const app = createApi({ store, door, kinds, place, access, isApiReadOnly: false, log: platform.log, clock: platform.clock, authenticate: () => ({ name: "alice", groups: [] }), about });
  for (let at = 0; at < count; at++) await door.writeDocument({ is: "controller", name: "test" }, { type: "Zone", mesh: "", name: `z-${at}` }, () => ({ type: "Zone", name: `z-${at}` }));
  return (url: string) => app.inject({ method: "GET", url, headers: { accept: "application/x-ndjson" } });
}

test("every resource is a line, whatever the size of a page", async () => {
  const ask = await zones(1500);
  const answer = await ask("/zones?size=1");
  const lines = answer.body.trimEnd().split("\n").map((line) => JSON.parse(line) as { name: string });
  expect(answer).toMatchObject({ statusCode: 200, headers: { "content-type": "application/x-ndjson", "x-total-count": "1500" } });
  expect(new Set(lines.map((it) => it.name)).size).toBe(1500);
});
test("filters hold for lines, too", async () => {
  const ask = await zones(30);
  expect((await ask("/zones?name=z-1")).body.trimEnd().split("\n")).toHaveLength(11);
  expect((await ask("/zones?filter[x]=1")).statusCode).toBe(400);
});
test("a single resource has no lines", async () => {
  const ask = await zones(1);
  expect((await ask("/zones/z-0")).statusCode).toBe(406);
});
