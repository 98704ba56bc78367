// The index in front of a journal: batches, failures, and no write left behind.
import { expect, test } from "vitest";
import { fakePlatform } from "#platform/fake";
import type { NewResource } from "./index.ts";
import { indexedStore, type Journal, type Write } from "./indexed.ts";

const named = (name: string, type = "Thing"): NewResource => ({ type, mesh: "", name, labels: {}, spec: {} });

function aStore() {
  const platform = fakePlatform();
  const batches: string[][] = [];
  let failing = false;
  const journal: Journal<undefined> = {
    encode: () => undefined,
    async commit(writes: readonly Write<undefined>[]) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (failing) throw new Error("the disk is full");
      batches.push(writes.map((it) => (it.is === "put" ? it.resource.name : `-${it.key.name}`)));
    },
    close: async () => {},
  };
  const store = indexedStore({ journal, stored: [], clock: platform.clock, log: platform.log, isLazy: (type) => type.endsWith("Insight") });
  return { store, batches, platform, fail: (now: boolean) => void (failing = now) };
}

test("writes that arrive together share a batch", async () => {
  const { store, batches } = aStore();
  await Promise.all(["a", "b", "c"].map((name) => store.put(named(name), 0)));
  expect(batches).toEqual([["a", "b", "c"]]);
});
test("a reader sees nothing that is not durable", async () => {
  const { store } = aStore();
  const done = store.put(named("a"), 0);
  expect(store.get(named("a"))).toBeUndefined();
  await done;
  expect(store.get(named("a"))).toBeDefined();
});
test("a failed batch leaves no trace, and the same may be written again; who writes hears why, the log once", async () => {
  const { store, fail, platform } = aStore();
  fail(true);
  for (let times = 0; times < 3; times++) await expect(store.put(named("a"), 0)).rejects.toThrow("the store could not write: the disk is full");
  fail(false);
  expect((await store.put(named("a"), 0)).version).toBe(1);
  expect(platform.log.lines.map((it) => it.replace(/\{.*/, "").trim())).toEqual(["error  the store cannot write; what is stored is served, writes are refused until this is mended", "info  the store writes again"]);
  expect(platform.log.lines[1]).toContain('"refusedMeanwhile":3');
});
test("whenever a write arrives after another has ended, it is written", async () => {
  for (let steps = 0; steps < 12; steps++) {
    const { store } = aStore();
    const first = store.put(named("a"), 0);
    const second = first.then(async () => {
      for (let step = 0; step < steps; step++) await Promise.resolve();
      return store.put(named("b"), 0);
    });
    expect((await second).name).toBe("b");
  }
});
test("insights are written with the next batch, or after a second; many changes are one", async () => {
  const { store, batches, platform } = aStore();
  const first = await store.put(named("i", "AnInsight"), 0);
  await store.put(named("i", "AnInsight"), first.version);
  expect(batches).toEqual([]);
  platform.clock.advance(1000);
  await store.close();
  expect(batches).toEqual([["i"]]);
});
test("insights outlive a failing disk", async () => {
  const { store, batches, platform, fail } = aStore();
  fail(true);
  await store.put(named("i", "AnInsight"), 0);
  await expect(store.put(named("a"), 0)).rejects.toThrow();
  fail(false);
  platform.clock.advance(1000);
  await store.close();
  expect(batches).toEqual([["i"]]);
});
test("what is on its way counts for what comes after it: owners that go take what is just being written along", async () => {
  const { store } = aStore();
  await store.put(named("owner"), 0);
  await store.put({ ...named("stays"), owner: named("owner") }, 0);
  const moving = store.put({ ...named("stays"), owner: named("other") }, 1).catch((error: unknown) => error);
  expect(await moving).toMatchObject({ failure: { is: "conflict" } });
  await store.put(named("other"), 0);
  const written = [store.put({ ...named("stays"), owner: named("other") }, 1), store.put({ ...named("new"), owner: named("owner") }, 0), store.delete(named("owner"))];
  await Promise.all(written);
  expect(store.list("Thing").map((it) => it.name)).toEqual(["other", "stays"]);
  expect(await store.delete(named("other"))).toBe(true);
  expect(store.list("Thing")).toEqual([]);
});
test("after a failed batch versions count from what is stored", async () => {
  const { store, fail } = aStore();
  await store.put(named("a"), 0);
  fail(true);
  await Promise.allSettled([store.put(named("a"), 1), store.delete(named("a"))]);
  fail(false);
  expect((await store.put(named("a"), 1)).version).toBe(2);
});
test("lists follow what is added, replaced and removed between two looks, in order", async () => {
  const { store } = aStore();
  const names = () => store.list("Thing").map((it) => `${it.name}${it.version}`);
  await Promise.all(["c", "a", "e"].map((name) => store.put(named(name), 0)));
  expect(names()).toEqual(["a1", "c1", "e1"]);
  await Promise.all([store.put(named("b"), 0), store.put(named("f"), 0), store.put(named("c"), 1), store.delete(named("a"))]);
  expect(names()).toEqual(["b1", "c2", "e1", "f1"]);
  await Promise.all(["b", "c", "e", "f"].map((name) => store.delete(named(name))));
  expect(names()).toEqual([]);
});
