// Which virtual address goes to whom.
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ConfigSchema, type Config } from "#gen/kuma/system/v1alpha1/system_pb.js";
import { legacyVips } from "#mesh";
import type { MeshExternalServiceStatus, MeshServiceStatus } from "#resources/kinds";
import { addressPool } from "./address-pool.ts";
import { fakeZone, place } from "./fake/zone.ts";
import { allocateServiceVips } from "./service-vips.ts";
import { allocateVips } from "./vips.ts";

const cidrs = { meshService: "241.0.0.0/8", meshExternalService: "242.0.0.0/8", meshMultiZoneService: "fd00:1::/64" };
const tags = { selector: { dataplaneTags: { a: "b" } } };

function start(zone = fakeZone()) {
  const stop = zone.run(allocateVips({ ...zone.parts, cidrs }));
  const vip = (name: string) => zone.get<unknown, MeshServiceStatus>("MeshService", "m", name)?.status?.vips?.[0]?.ip;
  return { ...zone, stop, vip, service: (name: string) => zone.put("MeshService", "m", name, { spec: tags }) };
}

test("the oldest comes first, each kind has its own range", async () => {
  const it = start();
  await it.mesh("m");
  await it.service("b");
  await it.service("a");
  await it.put("MeshExternalService", "m", "ext", { spec: { match: { port: 80 } } });
  await it.put("MeshMultiZoneService", "m", "all", { spec: { selector: { meshService: { matchLabels: { a: "b" } } }, ports: [{ port: 80 }] } });
  await it.pass();
  await it.stop();
  expect([it.vip("b"), it.vip("a")]).toEqual(["241.0.0.0", "241.0.0.1"]);
  expect(it.get<unknown, MeshExternalServiceStatus>("MeshExternalService", "m", "ext")?.status?.vip.ip).toBe("242.0.0.0");
  expect(it.get<unknown, MeshServiceStatus>("MeshMultiZoneService", "m", "all")?.status?.vips).toEqual([{ ip: "fd00:1::" }]);
});
test("an address once given stays, also over a restart, and is not soon another's", async () => {
  const it = start();
  await it.mesh("m");
  for (const name of ["a", "b", "c"]) await it.service(name);
  await it.pass();
  await it.remove("MeshService", "m", "b");
  await it.service("d");
  await it.pass();
  await it.stop();
  const again = start(it);
  await again.service("e");
  await again.pass();
  await again.stop();
  expect(["a", "b", "c", "d", "e"].map((name) => again.vip(name))).toEqual(["241.0.0.0", undefined, "241.0.0.2", "241.0.0.3", "241.0.0.4"]);
});
test("what others wrote into the status stays", async () => {
  const it = start();
  await it.mesh("m");
  await it.stop();
  await it.door.writeResource({ is: "controller", name: "t" }, { type: "MeshService", mesh: "m", name: "a", labels: {}, spec: { state: "Available", selector: {} }, status: { tls: { status: "Ready" } } });
  const again = start(it);
  await again.pass();
  await again.stop();
  expect(again.get("MeshService", "m", "a")?.status).toEqual({ tls: { status: "Ready" }, vips: [{ ip: "241.0.0.0" }] });
});
test("a pool begins anew at its end, skips what is used, and can be empty", () => {
  const pool = addressPool("10.0.0.8/30");
  expect([pool.next(new Set(["10.0.0.10"])), pool.next(new Set(["10.0.0.10"])), pool.next(new Set(["10.0.0.8", "10.0.0.9", "10.0.0.10", "10.0.0.11"]))]).toEqual(["10.0.0.11", "10.0.0.8", undefined]);
  expect(() => addressPool("10.0.0.0")).toThrow(RangeError);
  expect(addressPool("fd00::1:0/112").next(new Set(["fd00::1:1"]))).toBe("fd00::1:2");
});

function startLegacy(zone = fakeZone()) {
  const stop = zone.run(allocateServiceVips({ ...zone.parts, place, cidr: "240.0.0.0/4" }));
  const config = () => zone.get<Config>("Config", "", "kuma-m-dns-vips");
  return { ...zone, stop, config, vips: () => Object.fromEntries(legacyVips(config())) };
}

test("the older model's services get addresses that the plan reads, without ignored and reserved inbounds", async () => {
  const it = startLegacy();
  await it.mesh("m");
  await it.dataplane("m", "dp", [{ port: 80, service: "web" }, { port: 81, service: "admin" }, { port: 82, service: "ignored", state: "Ignored" }, { port: 49151, service: "reserved" }]);
  await it.pass();
  await it.stop();
  expect(it.vips()).toEqual({ admin: "240.0.0.0", web: "240.0.0.1" });
  expect(it.config()?.spec.config).toBe(
    '{"0:admin":{"address":"240.0.0.0","outbounds":[{"Port":0,"TagSet":{"kuma.io/service":"admin"},"Origin":"service"}]},' +
      '"0:web":{"address":"240.0.0.1","outbounds":[{"Port":0,"TagSet":{"kuma.io/service":"web"},"Origin":"service"}]}}',
  );
});
test("stored addresses stay, the lowest free one is next, entries of other sorts stay too, gone services go, and with the mesh everything", async () => {
  const zone = fakeZone();
  await zone.mesh("m");
  const stored = { "0:web": { address: "240.0.0.5" }, "0:gone": { address: "240.0.0.6" }, "2:a.vo": { address: "240.0.0.7" } };
  await zone.door.writeResource({ is: "controller", name: "t" }, { type: "Config", mesh: "", name: "kuma-m-dns-vips", labels: {}, spec: create(ConfigSchema, { config: JSON.stringify(stored) }) });
  const it = startLegacy(zone);
  await it.dataplane("m", "dp", [{ port: 80, service: "web" }, { port: 81, service: "new" }]);
  await it.pass();
  expect(it.vips()).toEqual({ new: "240.0.0.0", web: "240.0.0.5", "2:a.vo": "240.0.0.7" });
  await it.remove("Mesh", "", "m");
  await it.pass();
  await it.stop();
  expect(it.config()).toBeUndefined();
});
test("a service keeps its address while one proxy of many serves it, and loses it with the last", async () => {
  const it = startLegacy();
  await it.mesh("m");
  for (const name of ["a", "b"]) await it.dataplane("m", name, [{ port: 80, service: "web" }]);
  await it.pass();
  await it.dataplane("m", "c", [{ port: 80, service: "api" }]);
  await it.remove("Dataplane", "m", "a");
  await it.pass();
  expect(it.vips()).toEqual({ web: "240.0.0.0", api: "240.0.0.1" });
  await it.remove("Dataplane", "m", "b");
  await it.pass();
  await it.stop();
  expect(it.vips()).toEqual({ api: "240.0.0.1" });
});
