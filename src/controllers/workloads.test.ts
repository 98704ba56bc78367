// Workloads come with the first proxy that names them and go with the last.
import { expect, test } from "vitest";
import { fakeZone, place } from "./fake/zone.ts";
import { generateWorkloads } from "./workloads.ts";

function start(zone = fakeZone()) {
  const stop = zone.run(generateWorkloads({ ...zone.parts, place }));
  const proxy = (name: string, workload: string | undefined, state = "Ready") => zone.dataplane("m", name, [{ port: 80, service: "web", state }], workload ? { "kuma.io/workload": workload } : {});
  return { ...zone, stop, proxy };
}

test("a workload counts the proxies that name it", async () => {
  const it = start();
  await it.mesh("m");
  await it.proxy("a", "shop");
  await it.proxy("b", "shop", "NotReady");
  await it.proxy("c", undefined);
  await it.pass();
  await it.stop();
  expect(it.names("Workload", "m")).toEqual(["shop"]);
  expect(it.get("Workload", "m", "shop")).toMatchObject({
    labels: { "kuma.io/env": "universal", "kuma.io/managed-by": "workload-generator", "kuma.io/mesh": "m", "kuma.io/zone": "default" }, spec: {}, status: { dataplaneProxies: { connected: 0, healthy: 1, total: 2 } },
  });
});
test("it goes with its last proxy, and nothing is written while nothing changes", async () => {
  const it = start();
  await it.mesh("m");
  await it.proxy("a", "shop");
  await it.pass();
  const { writes } = it.counts;
  await it.proxy("b", undefined);
  await it.pass();
  expect(it.counts.writes).toBe(writes);
  await it.remove("Dataplane", "m", "a");
  await it.pass();
  await it.stop();
  expect(it.names("Workload", "m")).toEqual([]);
});
test("a workload that is not generated is left alone", async () => {
  const it = start();
  await it.mesh("m");
  await it.door.writeResource({ is: "controller", name: "t" }, { type: "Workload", mesh: "m", name: "own", labels: {}, spec: {} });
  await it.pass();
  await it.stop();
  expect(it.names("Workload", "m")).toEqual(["own"]);
});
