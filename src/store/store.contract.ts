// What every store does, as tests: called once per store with a function that opens an empty one.
import { afterEach, describe, expect, test } from "vitest";
import { create } from "@bufbuild/protobuf";
import { fakePlatform, type FakePlatform } from "#platform/fake";
import { MeshSchema } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { SecretSchema } from "#gen/kuma/system/v1alpha1/system_pb.js";
import { KumaError, type ResourceKey } from "#resources";
import type { Change, NewResource, Store } from "./store.ts";

export const meshKey = (name: string): ResourceKey => ({ type: "Mesh", mesh: "", name });
export const aMesh = (name: string): NewResource => ({ ...meshKey(name), labels: {}, spec: create(MeshSchema) });
export const aService = (mesh: string, name: string, port = 80): NewResource => ({
  type: "MeshService", mesh, name, labels: { app: name }, spec: { ports: [{ port, targetPort: port, appProtocol: "tcp" }] }, owner: meshKey(mesh),
});
export const aSecret = (mesh: string, name: string, data: string): NewResource => ({
  type: "Secret", mesh, name, labels: {}, spec: create(SecretSchema, { data: new TextEncoder().encode(data) }), owner: meshKey(mesh),
});

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

export function storeContract(name: string, open: (platform: FakePlatform) => Promise<Store>): void {
  describe(name, () => {
    const opened: Store[] = [];
    const platform = fakePlatform();
    const store = async () => {
      const it = await open(platform);
      opened.push(it);
      return it;
    };
    afterEach(async () => {
      for (const it of opened.splice(0)) await it.close();
    });

    test("what was put is read back with version and times", async () => {
      const it = await store();
      await it.put(aMesh("default"), 0);
      const stored = await it.put(aService("default", "backend"), 0);
      expect(it.get(stored)).toEqual({ ...aService("default", "backend"), version: 1, creationTime: platform.clock.now(), modificationTime: platform.clock.now() });
    });

    test("an update keeps the creation time and raises version and modification time", async () => {
      const it = await store();
      const first = await it.put(aMesh("default"), 0);
      platform.clock.advance(1000);
      const second = await it.put({ ...aMesh("default"), labels: { a: "b" } }, first.version);
      expect(second).toMatchObject({ version: 2, creationTime: first.creationTime, modificationTime: first.modificationTime + 1000 });
    });

    test("creating what exists is a conflict that names it", async () => {
      const it = await store();
      await it.put(aMesh("default"), 0);
      await expect(it.put(aMesh("default"), 0)).rejects.toThrow('resource already exists: type="Mesh" name="default" mesh=""');
    });

    test("of two writers with the same version one wins", async () => {
      const it = await store();
      const { version } = await it.put(aMesh("default"), 0);
      const results = await Promise.allSettled([it.put({ ...aMesh("default"), labels: { a: "1" } }, version), it.put({ ...aMesh("default"), labels: { a: "2" } }, version)]);
      expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected"]);
      expect(results[1]).toMatchObject({ reason: expect.any(KumaError) });
      expect(it.get(meshKey("default"))?.labels).toEqual({ a: "1" });
    });

    test("updating what is absent is a conflict", async () => {
      await expect((await store()).put(aMesh("default"), 3)).rejects.toThrow("resource conflict");
    });

    test("lists are sorted by mesh, then name, in byte order", async () => {
      const it = await store();
      for (const mesh of ["b", "a-1", "a"]) await it.put(aMesh(mesh), 0);
      await Promise.all([["b", "x"], ["a", "z"], ["a-1", "y"], ["a", "b.c"], ["a", "b-c"]].map(([mesh = "", name = ""]) => it.put(aService(mesh, name), 0)));
      expect(it.list("MeshService").map((each) => `${each.mesh}/${each.name}`)).toEqual(["a/b-c", "a/b.c", "a/z", "a-1/y", "b/x"]);
      expect(it.list("MeshService", { mesh: "a" }).map((each) => each.name)).toEqual(["b-c", "b.c", "z"]);
    });

    test("a list is the same array until something of its type and mesh changes", async () => {
      const it = await store();
      for (const mesh of ["a", "b"]) await it.put(aMesh(mesh), 0);
      await it.put(aService("a", "one"), 0);
      const before = it.list("MeshService", { mesh: "a" });
      await it.put(aService("b", "other"), 0);
      expect(it.list("MeshService", { mesh: "a" })).toBe(before);
      await it.put(aService("a", "two"), 0);
      expect(it.list("MeshService", { mesh: "a" })).not.toBe(before);
    });

    test("deleting an owner deletes what it owns, recursively", async () => {
      const it = await store();
      await it.put(aMesh("default"), 0);
      await it.put(aService("default", "backend"), 0);
      const leaf = { ...aService("default", "leaf"), owner: { type: "MeshService", mesh: "default", name: "backend" } };
      await it.put(leaf, 0);
      expect(await it.delete(meshKey("default"))).toBe(true);
      expect(it.list("MeshService")).toEqual([]);
      expect(it.get(leaf)).toBeUndefined();
    });

    test("deleting what is absent says so", async () => {
      expect(await (await store()).delete(meshKey("nobody"))).toBe(false);
    });

    test("nothing is written under an owner that is gone", async () => {
      await expect((await store()).put(aService("gone", "backend"), 0)).rejects.toThrow("does not exist");
    });

    test("followers hear several changes of one key in a turn as one", async () => {
      const it = await store();
      const batches: (readonly Change[])[] = [];
      const first = await it.put(aMesh("default"), 0);
      await nextTurn();
      const end = it.follow((changes) => batches.push(changes));
      await Promise.all([it.put({ ...aMesh("default"), labels: { a: "1" } }, first.version), it.put({ ...aMesh("default"), labels: { a: "2" } }, first.version + 1)]);
      await nextTurn();
      end();
      await it.put(aMesh("other"), 0);
      await nextTurn();
      expect(batches).toHaveLength(1);
      expect(batches[0]).toMatchObject([{ key: meshKey("default"), previous: { labels: {} }, current: { labels: { a: "2" } } }]);
    });

    test("a deletion is told with what was there, an owner and its own together", async () => {
      const it = await store();
      await it.put(aMesh("default"), 0);
      await it.put(aService("default", "backend"), 0);
      await nextTurn();
      const heard: Change[] = [];
      it.follow((changes) => heard.push(...changes));
      await it.delete(meshKey("default"));
      await nextTurn();
      expect(heard.map((change) => [change.key.name, change.current])).toEqual([["default", undefined], ["backend", undefined]]);
      expect(heard[1]?.previous?.name).toBe("backend");
    });

    test("a follower that throws does not silence the others", async () => {
      const it = await store();
      const heard: Change[] = [];
      it.follow(() => {
        throw new Error("broken");
      });
      it.follow((changes) => heard.push(...changes));
      await it.put(aMesh("default"), 0);
      await nextTurn();
      expect(heard).toHaveLength(1);
    });

    test("a closed store refuses writes", async () => {
      const it = await store();
      await it.close();
      await expect(it.put(aMesh("default"), 0)).rejects.toThrow("the store is closed");
    });
  });
}
