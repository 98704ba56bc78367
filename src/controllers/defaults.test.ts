// What a control plane and a mesh begin with, and what is left alone.
import { expect, test } from "vitest";
import { fakePlatform } from "#platform/fake";
import { policyKinds } from "#policies/kinds";
import { kindsOf, unavailable, type Place } from "#resources";
import { coreKinds } from "#resources/kinds";
import { memoryStore } from "#store";
import { builtinBackend, openWriteDoor, type Writer } from "#write";
import { keepDefaults, type DefaultsOptions } from "./index.ts";

const zone: Place = { mode: "zone", zone: "default", federated: false, environment: "universal", systemNamespace: "kuma-system" };
const user: Writer = { is: "user", user: { name: "alice", groups: [] } };
const bytes = (text: string) => new TextEncoder().encode(text);

async function settled() {
  for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

async function start(more: Partial<DefaultsOptions> = {}, place = zone) {
  const platform = fakePlatform();
  const store = more.store ?? memoryStore(platform);
  const kinds = kindsOf([...coreKinds, ...policyKinds]);
  const certificateBackends = new Map([["builtin", builtinBackend]]);
  const door = openWriteDoor({ store, kinds, place, access: { check: () => {} }, isApiReadOnly: false, allowsAuthorityChange: true, unsafeDelete: true, certificateBackends, isZoneOnline: () => false });
  const part = keepDefaults({
    store, door, kinds, place, platform,
    newSigningKey: async () => bytes("key"), makeBuiltinRoot: async () => ({ certificate: bytes("certificate"), privateKey: bytes("private") }),
    newAuthority: async (name) => bytes(name), issueAdminToken: async () => "token",
    usersHaveTokens: true, skipTenantResources: false, skipMeshCreation: false, skipHostnameGenerators: false, ...more,
  });
  const controller = new AbortController();
  const done = part.run(controller.signal);
  await settled();
  const names = (type: string) => store.list(type).map((it) => it.name);
  const mesh = (name: string, body: object = {}) => door.writeDocument(user, { type: "Mesh", mesh: "", name }, () => ({ type: "Mesh", name, ...body }));
  const stop = async () => {
    controller.abort();
    await done;
  };
  return { platform, store, door, names, mesh, stop };
}

test("a new zone has a mesh, its zone, keys, authorities, a token and generators", async () => {
  const { names, store, stop } = await start();
  await stop();
  expect(names("GlobalSecret")).toEqual(["admin-user-token", "envoy-admin-ca", "inter-cp-ca", "user-token-signing-key-1", "zone-token-signing-key-1"]);
  expect([names("Zone"), names("Mesh"), names("Config"), names("Secret")]).toEqual([["default"], ["default"], ["kuma-cluster-id"], ["dataplane-token-signing-key-default-1"]]);
  expect(names("HostnameGenerator")).toEqual(["local-mesh-external-service", "local-universal-mesh-service"]);
  expect(names("MeshTimeout")).toEqual(["mesh-gateways-timeout-all-default", "mesh-timeout-all-default"]);
  expect(store.list("MeshRetry")[0]?.labels).toEqual({ "kuma.io/env": "universal", "kuma.io/mesh": "default", "kuma.io/origin": "zone", "kuma.io/zone": "default" });
});
test("global has no zone of its own, its generators name what is synced", async () => {
  const { names, stop } = await start({}, { ...zone, mode: "global", zone: "" });
  await stop();
  expect(names("Zone")).toEqual([]);
  expect(names("HostnameGenerator")).toHaveLength(5);
});
test("a federated zone waits for what global sends", async () => {
  const { names, stop } = await start({}, { ...zone, federated: true });
  await stop();
  expect([names("Mesh"), names("Secret"), names("GlobalSecret").includes("zone-token-signing-key-1")]).toEqual([[], [], false]);
});
test("a mesh made later is completed too, without the policies it does not want", async () => {
  const { mesh, names, stop } = await start();
  await mesh("other", { skipCreatingInitialPolicies: ["MeshRetry"] });
  await settled();
  await stop();
  expect(names("Secret")).toContain("dataplane-token-signing-key-other-1");
  expect(names("MeshTimeout")).toContain("mesh-timeout-all-other");
  expect(names("MeshRetry")).toEqual(["mesh-retry-all-default"]);
});
test("a builtin certificate backend gets its secrets", async () => {
  const { mesh, names, stop } = await start();
  await mesh("default", { mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } });
  await settled();
  await stop();
  expect(names("Secret")).toEqual(["dataplane-token-signing-key-default-1", "default.ca-builtin-cert-ca-1", "default.ca-builtin-key-ca-1"]);
});
test("a policy that its user has deleted does not come back", async () => {
  const first = await start();
  await first.door.remove(user, { type: "MeshRetry", mesh: "default", name: "mesh-retry-all-default" });
  await first.stop();
  const second = await start({ store: first.store });
  await second.stop();
  expect(second.names("MeshRetry")).toEqual([]);
});
test("what fails is tried again", async () => {
  let attempts = 0;
  const newSigningKey = async () => {
    if (++attempts === 1) throw unavailable("no entropy today");
    return bytes("key");
  };
  const { platform, names, stop } = await start({ newSigningKey });
  expect(names("Secret")).toEqual([]);
  platform.clock.advance(1000);
  await settled();
  await stop();
  expect(names("Secret")).toEqual(["dataplane-token-signing-key-default-1"]);
});
