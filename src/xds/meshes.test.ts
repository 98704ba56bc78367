// How soon a change becomes a view: proxies that arrive are gathered, what people write is not kept waiting by them.
import { expect, test } from "vitest";
import { create } from "@bufbuild/protobuf";
import { DataplaneSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { MeshSchema } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { silentLog } from "#platform";
import { coreKinds } from "#resources/kinds";
import { memoryStore } from "#store";
import { followMeshes } from "./meshes.ts";

const settings = { internalCidrs: [], serviceVipPort: 80, dnsDomain: "mesh", spireSocketPath: "" };

/** A mesh whose every view takes its follower `passMs`. */
async function aMesh(passMs: number) {
  let now = 1000;
  let due: { readonly at: number; readonly action: () => void } | undefined;
  const clock = {
    now: () => now,
    after(delayMs: number, action: () => void) {
      const timer = { at: now + delayMs, action };
      due = timer;
      return () => {
        if (due === timer) due = undefined;
      };
    },
  };
  const store = memoryStore({ clock, log: silentLog });
  const put = async (type: string, name: string, spec: unknown) => {
    await store.put({ type, mesh: type === "Mesh" ? "" : "m", name, labels: {}, spec }, store.get({ type, mesh: type === "Mesh" ? "" : "m", name })?.version ?? 0);
    await new Promise((resolve) => setImmediate(resolve)); // followers hear once per turn
  };
  const meshes = followMeshes({ store, kinds: coreKinds, zone: "z", settings, clock, minGapMs: 20 });
  let views = 0;
  const unfollow = meshes.follow("m", () => {
    views++;
    now += passMs;
  });
  return {
    arrives: (name: string) => put("Dataplane", name, create(DataplaneSchema, { networking: { address: "10.0.0.1" } })),
    written: () => put("Mesh", "m", create(MeshSchema)),
    /** How long until the next view from now. */
    waitMs: () => (due === undefined ? undefined : due.at - now),
    pass() {
      const { at, action } = due ?? expect.unreachable("nothing is due");
      due = undefined;
      now = Math.max(now, at);
      action();
    },
    views: () => views,
    hurry: () => meshes.hurry("m"),
    current: () => meshes.current("m"),
    unfollow: () => unfollow(),
    /** Another follower; how many views it has seen. */
    follow() {
      let seen = 0;
      meshes.follow("m", () => seen++);
      return () => seen;
    },
  };
}

test("a single change is planned at once", async () => {
  const mesh = await aMesh(400);
  await mesh.written();
  expect(mesh.waitMs()).toBe(0);
});

test("after a long pass arrivals are gathered for eight times as long, and one view tells of all", async () => {
  const mesh = await aMesh(200);
  await mesh.written();
  mesh.pass();
  await mesh.arrives("a");
  await mesh.arrives("b");
  expect(mesh.waitMs()).toBe(1600);
  mesh.pass();
  expect(mesh.views()).toBe(2);
  expect(mesh.waitMs()).toBeUndefined();
});

test("what people write waits half a second at most, also when arrivals are waiting already", async () => {
  const mesh = await aMesh(400);
  await mesh.written();
  mesh.pass();
  await mesh.arrives("a");
  await mesh.written();
  expect(mesh.waitMs()).toBe(500);
});

test("arrivals wait eight seconds at most", async () => {
  const mesh = await aMesh(5000);
  await mesh.written();
  mesh.pass();
  await mesh.arrives("a");
  expect(mesh.waitMs()).toBe(8000);
});

test("arrivals that somebody waits for are as urgent as what people write, whichever comes first; the next ones are not", async () => {
  for (const isFirst of [true, false]) {
    const mesh = await aMesh(3000);
    await mesh.written();
    mesh.pass();
    if (isFirst) mesh.hurry();
    await mesh.arrives("a");
    if (!isFirst) {
      expect(mesh.waitMs()).toBe(8000);
      mesh.hurry();
    }
    expect(mesh.waitMs()).toBe(500);
    mesh.pass();
    await mesh.arrives("b");
    expect(mesh.waitMs()).toBe(8000);
  }
});

test("a long pass leaves room for other work, and a change that comes meanwhile waits for its end", async () => {
  const mesh = await aMesh(400);
  const second = mesh.follow();
  await mesh.written();
  mesh.pass();
  expect([mesh.views(), second()]).toEqual([1, 0]);
  await mesh.written();
  expect(mesh.waitMs()).toBe(0);
  mesh.pass();
  expect([mesh.views(), second()]).toEqual([1, 1]);
  expect(mesh.waitMs()).toBe(500);
});

test("where nobody follows no view is made until someone asks, and then it is the newest", async () => {
  const mesh = await aMesh(0);
  await mesh.written();
  mesh.pass();
  mesh.unfollow();
  const before = mesh.current();
  await mesh.arrives("a");
  mesh.pass();
  expect(mesh.views()).toBe(1);
  expect(before?.list("Dataplane")).toHaveLength(0);
  expect(mesh.current()?.list("Dataplane")).toHaveLength(1);
  expect(mesh.current()).toBe(mesh.current());
});
