// When a proxy that is gone is forgotten.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { DataplaneInsightSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import { fakeZone, place } from "./fake/zone.ts";
import { removeOfflineProxies } from "./offline-proxies.ts";

const hour = 3_600_000;

async function start() {
  const zone = fakeZone();
  const stop = zone.run(removeOfflineProxies({ ...zone.parts, place, dataplaneCleanupAgeMs: 2 * hour, zoneProxyCleanupAgeMs: 4 * hour }));
  await zone.mesh("m");
  for (const name of ["gone", "here", "never"]) await zone.dataplane("m", name, [{ port: 80, service: "web" }]);
  const connection = (name: string, isOver: boolean) => {
    const key = { type: "DataplaneInsight", mesh: "m", name };
    const at = timestampFromMs(zone.platform.clock.now());
    return zone.door.update({ is: "proxy", name }, key, () => ({ ...key, labels: {}, spec: create(DataplaneInsightSchema, { subscriptions: [{ connectTime: at, ...(isOver ? { disconnectTime: at } : {}) }] }) }));
  };
  return { ...zone, stop, connection };
}

test("a proxy that is offline for too long is removed; connected ones and those never seen stay", async () => {
  const it = await start();
  await it.connection("gone", true);
  await it.connection("here", false);
  await it.pass(1.5 * hour);
  expect(it.names("Dataplane", "m")).toEqual(["gone", "here", "never"]);
  await it.pass(hour);
  await it.stop();
  expect(it.names("Dataplane", "m")).toEqual(["here", "never"]);
});
test("a proxy that comes back in time stays", async () => {
  const it = await start();
  await it.connection("gone", true);
  await it.pass(hour);
  await it.connection("gone", false);
  await it.pass(10 * hour);
  await it.stop();
  expect(it.names("Dataplane", "m")).toContain("gone");
});
