// The embedded store keeps the contract, survives its process, and gives its file to nobody else.
import { spawn } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { create } from "@bufbuild/protobuf";
import { DataplaneInsightSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import { expect, test } from "vitest";
import { fakePlatform } from "#platform/fake";
import { openSecret, parseSecretsKey, sealSecret } from "#security";
import { kindsOf } from "#resources";
import { coreKinds } from "#resources/kinds";
import { jsonCodec, type Sealing } from "../codec.ts";
import { aMesh, aSecret, aService, meshKey, storeContract } from "../store.contract.ts";
import { sqliteStore } from "./sqlite.ts";
import { temporaryFolder } from "../../../test/harness/temporary-folder.ts";

const newPath = () => join(temporaryFolder("store"), "db", "store.sqlite");

const aKey = parseSecretsKey(Buffer.alloc(32, 7).toString("base64"), "key");
const sealedWith = (key: typeof aKey): Sealing => ({ seal: (plain, context) => sealSecret(plain, key, context), open: (text, context) => openSecret(text, key, context) });
const kinds = kindsOf(coreKinds);
const open = (path: string, platform = fakePlatform(), key = aKey) => sqliteStore({ path, codec: jsonCodec(kinds, sealedWith(key)), clock: platform.clock, log: platform.log });

storeContract("sqlite", async (platform) => open(newPath(), platform));

test("a store opened again holds what was written, of every shape", async () => {
  const path = newPath();
  const first = await open(path);
  await first.put(aMesh("default"), 0);
  await first.put({ ...aService("default", "backend"), status: { tls: { status: "Ready" } } }, 0);
  const secret = await first.put(aSecret("default", "s", "top secret"), 0);
  const service = first.get({ type: "MeshService", mesh: "default", name: "backend" });
  await first.close();
  const second = await open(path);
  expect(second.get({ type: "MeshService", mesh: "default", name: "backend" })).toEqual(service);
  expect(second.get(secret)).toEqual(secret);
  await second.delete(meshKey("default"));
  expect(second.list("Secret")).toEqual([]);
  await second.close();
});

test("the bytes of a secret never reach the disk in the open", async () => {
  const path = newPath();
  const store = await open(path);
  await store.put(aMesh("default"), 0);
  await store.put(aSecret("default", "s", "top secret"), 0);
  const files = await Promise.all([path, `${path}-wal`].map((file) => readFile(file).catch(() => Buffer.alloc(0))));
  await store.close();
  const bytes = Buffer.concat([...files, await readFile(path)]);
  expect(bytes.includes("default")).toBe(true);
  expect(bytes.includes("top secret") || bytes.includes(Buffer.from("top secret").toString("base64"))).toBe(false);
});

test("with another key the store does not open, and nothing is lost", async () => {
  const path = newPath();
  const store = await open(path);
  await store.put(aMesh("default"), 0);
  const secret = await store.put(aSecret("default", "s", "top secret"), 0);
  await store.close();
  await expect(open(path, fakePlatform(), parseSecretsKey(Buffer.alloc(32, 8).toString("base64"), "key"))).rejects.toThrow("the secret Secret|default|s cannot be opened");
  const again = await open(path);
  expect(again.get(secret)).toEqual(secret);
  await again.close();
});

test("the file is readable by its owner only", async () => {
  const path = newPath();
  await (await open(path)).close();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("insights are seen at once and written when the store closes", async () => {
  const path = newPath();
  const store = await open(path);
  await store.put(aMesh("default"), 0);
  const insight = { type: "DataplaneInsight", mesh: "default", name: "d", labels: {}, spec: create(DataplaneInsightSchema), owner: meshKey("default") };
  await store.put(insight, 0);
  expect(store.get(insight)).toBeDefined();
  await store.close();
  const again = await open(path);
  expect(again.get(insight)?.version).toBe(1);
  await again.close();
});

test("what cannot be encoded fails alone, beside what is written with it", async () => {
  const store = await open(newPath());
  const good = aMesh("good");
  const results = await Promise.allSettled([store.put(good, 0), store.put({ ...meshKey("bad"), labels: {}, spec: "nonsense" }, 0)]);
  expect(results.map((it) => it.status)).toEqual(["fulfilled", "rejected"]);
  expect([store.get(good)?.name, store.get(meshKey("bad"))]).toEqual(["good", undefined]);
  await store.close();
});

/** A process that writes Secrets and says which were acknowledged. */
const writer = (path: string) =>
  spawn(process.execPath, ["--no-warnings", join(import.meta.dirname, "writer.fixture.ts"), path], { stdio: ["ignore", "pipe", "pipe"] });

test("a second process is told whose file it is", async () => {
  const path = newPath();
  const store = await open(path);
  const child = writer(path);
  const errors: string[] = [];
  child.stderr.on("data", (data: Buffer) => errors.push(data.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(code).not.toBe(0);
  expect(errors.join("")).toContain("in use by another process: give each control plane its own file (store.sqlite.path)");
  await store.close();
});

test("every acknowledged write outlives kill -9", async () => {
  const path = newPath();
  const acknowledged = new Set<string>();
  for (let round = 0; round < 5; round++) {
    const child = writer(path);
    await new Promise<void>((resolve) => {
      let heard = 0;
      createInterface({ input: child.stdout }).on("line", (name) => {
        acknowledged.add(name);
        if (++heard === 20 + round * 7) child.kill("SIGKILL");
      });
      child.once("close", () => resolve());
    });
  }
  const store = await open(path);
  const missing = [...acknowledged].filter((name) => !store.get({ type: "Secret", mesh: "default", name }));
  await store.close();
  expect(acknowledged.size).toBeGreaterThanOrEqual(100);
  expect(missing).toEqual([]);
}, 60_000);
