// A collection as lines: all of it, filtered like a list, and no faster than its reader.
import { expect, test } from "vitest";
import { anApi } from "./fake/api.ts";

async function zones(count: number) {
  const { door, get } = anApi();
  for (let at = 0; at < count; at++) await door.writeDocument({ is: "controller", name: "test" }, { type: "Zone", mesh: "", name: `z-${at}` }, () => ({ type: "Zone", name: `z-${at}` }));
  return (url: string) => get(url, { accept: "application/x-ndjson" });
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
