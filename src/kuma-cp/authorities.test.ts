// Authorities of a Mesh while it goes from one certificate backend to the other.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test, vi } from "vitest";
import { DataplaneInsightSchema } from "#gen/kuma/mesh/v1alpha1/dataplane_insight_pb.js";
import { makeBuiltinRoot } from "#security";
import { fakeZone } from "../controllers/fake/zone.ts";
import { storedAuthorities } from "./authorities.ts";

async function start() {
  const zone = fakeZone();
  const backends = ["ca-1", "ca-2"];
  const enable = (enabledBackend: string) => zone.mesh("m", "Exclusive", { mtls: { enabledBackend, backends: backends.map((name) => ({ name, type: "builtin" })) } });
  await enable("ca-1");
  for (const backend of backends) {
    const root = await makeBuiltinRoot({ trustDomain: "m", expiryMs: 86_400_000, now: zone.platform.clock.now() });
    for (const [what, pem] of [["cert", root.certPem], ["key", root.keyPem]] as const) await zone.put("Secret", "m", `m.ca-builtin-${what}-${backend}`, { data: Buffer.from(pem).toString("base64") });
  }
  const authorities = storedAuthorities(zone.store, zone.platform);
  const insight = (name: string, issuedBackend: string, isConnected = true) => {
    const key = { type: "DataplaneInsight", mesh: "m", name };
    const at = timestampFromMs(1);
    return zone.door.update({ is: "proxy", name }, key, () => ({ ...key, labels: {}, spec: create(DataplaneInsightSchema, { subscriptions: [{ id: "1", connectTime: at, ...(isConnected ? {} : { disconnectTime: at }) }], mTLS: { issuedBackend } }) }));
  };
  return { ...zone, authorities, enable, insight };
}

test("the other backend counts while a connected proxy has a certificate of it", async () => {
  const it = await start();
  await it.insight("a", "ca-1");
  await it.insight("gone", "ca-2", false);
  expect([it.authorities.authorityOf("m")?.backend, it.authorities.othersOf("m").length]).toEqual(["ca-1", 0]);
  await it.enable("ca-2");
  expect([it.authorities.authorityOf("m")?.backend, it.authorities.othersOf("m").length]).toEqual(["ca-2", 1]);
});

test("whoever was told of it hears when it is over", async () => {
  const it = await start();
  await it.insight("a", "ca-1");
  await it.enable("ca-2");
  expect(it.authorities.othersOf("m")).toHaveLength(1);
  const heard = vi.fn();
  it.authorities.onChange(heard);
  await it.insight("a", "ca-2");
  await it.pass();
  expect(heard).toHaveBeenCalledWith("m");
  expect(it.authorities.othersOf("m")).toEqual([]);
});

test("an authority stays the same object while its certificate and key do", async () => {
  const it = await start();
  const before = it.authorities.authorityOf("m")?.authority;
  await it.enable("ca-2");
  await it.enable("ca-1");
  expect(it.authorities.authorityOf("m")?.authority).toBe(before);
});
