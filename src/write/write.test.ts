// What the door lets through, what it adds, and what it refuses in which words.
import { expect, test } from "vitest";
import { coreKinds, meshKindWithOneAuthority } from "#resources/kinds";
import { denied, failureOf, kindsOf, KumaError, type Place } from "#resources";
import { memoryStore } from "#store";
import { fakePlatform } from "#platform/fake";
import { builtinBackend, openWriteDoor, type DoorOptions, type Writer } from "./index.ts";

const place: Place = { mode: "zone", zone: "default", federated: false, environment: "universal", systemNamespace: "kuma-system" };
const user: Writer = { is: "user", user: { name: "alice", groups: [] } };

function aDoor(options: Partial<DoorOptions> = {}) {
  const store = memoryStore(fakePlatform());
  const certificateBackends = new Map([["builtin", builtinBackend]]);
  const defaults = { store, kinds: kindsOf(coreKinds), place, access: { check: () => {} }, isApiReadOnly: false, allowsAuthorityChange: true, unsafeDelete: false, certificateBackends, isZoneOnline: () => false };
  const door = openWriteDoor({ ...defaults, ...options });
  const put = (type: string, name: string, body: object = {}, mesh = type === "Mesh" ? "" : "default") =>
    door.writeDocument(user, { type, mesh, name }, () => ({ type, name, ...(mesh ? { mesh } : {}), ...body }));
  const remove = (type: string, name: string, mesh = "default") => door.remove(user, { type, mesh, name });
  return { store, door, put, remove };
}

async function refusal(action: Promise<unknown>): Promise<string> {
  const error: unknown = await action.then(() => undefined, (it: unknown) => it);
  const failure = failureOf(error) ?? expect.unreachable("nothing was refused");
  const text = failure.is === "invalid" ? failure.violations.map((it) => `${it.field}: ${it.message}`).join("; ") : failure.message;
  return `${error instanceof KumaError ? (error.attempt ?? "") : ""}|${text}`;
}

const dataplane = (tags: object = { "kuma.io/service": "a" }) => ({ networking: { address: "10.0.0.1", inbound: [{ port: 80, tags }] } });

test("a resource of a mesh is owned by it and labelled", async () => {
  const { store, put } = aDoor();
  await put("Mesh", "default");
  const { isNew } = await put("Dataplane", "d", dataplane());
  expect(isNew).toBe(true);
  expect(store.get({ type: "Dataplane", mesh: "default", name: "d" })).toMatchObject({
    owner: { type: "Mesh", name: "default" }, labels: { "kuma.io/zone": "default", "kuma.io/proxy-type": "sidecar" }, spec: { networking: { inbound: [{ tags: { "kuma.io/zone": "default" } }] } },
  });
});
test("an unknown mesh is found out before the body is read", async () => {
  const { door } = aDoor();
  const document = () => expect.unreachable("the body was read");
  expect(await refusal(door.writeDocument(user, { type: "Dataplane", mesh: "nope", name: "d" }, document))).toBe("Failed to retrieve Mesh|Not found");
});
test("access is asked before anything is read", async () => {
  const { put } = aDoor({ access: { check: () => { throw denied("not you"); } } });
  expect(await refusal(put("Dataplane", "d", dataplane(), "nope"))).toBe("|not you");
});
test("body and URL must agree", async () => {
  const { door } = aDoor();
  expect(await refusal(door.writeDocument(user, { type: "Mesh", mesh: "", name: "a" }, () => ({ type: "Zone" })))).toBe(
    "Could not process a resource|name: name from the URL has to be the same as in body; type: type from the URL has to be the same as in body; name: cannot be empty",
  );
});
test("a status sent by a user is dropped, a stored one kept", async () => {
  const { store, door, put } = aDoor();
  const key = { type: "MeshService", mesh: "default", name: "s" };
  await put("Mesh", "default");
  await put("MeshService", "s", { spec: {}, status: { vips: [{ ip: "10.0.0.2" }] } });
  expect(store.get(key)?.status).toBeUndefined();
  await door.update({ is: "controller", name: "vips" }, key, (current) => current && { ...current, status: { vips: [{ ip: "241.0.0.1" }] } });
  await put("MeshService", "s", { spec: { ports: [{ port: 1 }] } });
  expect(store.get(key)?.status).toEqual({ vips: [{ ip: "241.0.0.1" }] });
});
test("a mesh with dataplanes stays, an empty one goes with all it owns", async () => {
  const { store, put, remove } = aDoor();
  await put("Mesh", "default");
  await put("Dataplane", "d", dataplane());
  await put("Secret", "s");
  expect(await refusal(remove("Mesh", "default", ""))).toBe("Could not delete a resource|mesh: unable to delete mesh, there are still some dataplanes attached");
  await remove("Dataplane", "d");
  await remove("Mesh", "default", "");
  expect(store.list("Secret")).toEqual([]);
});
test("the secrets of a certificate backend cannot be deleted", async () => {
  const { put, remove } = aDoor();
  await put("Mesh", "default", { mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } });
  await put("Secret", "default.ca-builtin-cert-ca-1");
  expect(await refusal(remove("Secret", "default.ca-builtin-cert-ca-1"))).toContain('is currently in use in Mesh "default" in mTLS backend "ca-1"');
});
test("the enabled certificate backend changes while mTLS is on", async () => {
  const { put } = aDoor();
  const backends = ["ca-1", "ca-2"].map((name) => ({ name, type: "builtin" }));
  for (const enabledBackend of ["ca-1", "ca-2"]) await put("Mesh", "m", { mtls: { enabledBackend, backends } });
  expect(await refusal(put("Mesh", "m", { mtls: { backends: [...backends, { name: "ca-3", type: "builtin" }] } }))).toContain("mtls.backends: cannot have more than 2 backends");
});
test("as in Kuma, a mesh has one backend and it does not change under the proxies", async () => {
  const { put } = aDoor({ allowsAuthorityChange: false, kinds: kindsOf([meshKindWithOneAuthority]) });
  expect(await refusal(put("Mesh", "m", { mtls: { backends: ["a", "b"].map((name) => ({ name, type: "builtin" })) } }))).toContain("mtls.backends: cannot have more than 1 backends");
  const mtls = (name: string, type = "builtin") => ({ mtls: { enabledBackend: name, backends: [{ name, type }] } });
  await put("Mesh", "m", mtls("ca-1"));
  expect(await refusal(put("Mesh", "m", mtls("ca-2")))).toContain("Failed to update a resource|mtls.enabledBackend: Changing CA when mTLS is enabled is forbidden");
  expect(await refusal(put("Mesh", "n", mtls("a", "vault")))).toBe("Failed to create a resource|mtls.backends[0].type: could not find installed plugin for this type");
});
test("a mesh takes only the dataplanes it asks for", async () => {
  const { put } = aDoor();
  await put("Mesh", "default", { constraints: { dataplaneProxy: { requirements: [{ tags: { team: "a", x: "*" } }], restrictions: [{ tags: { bad: "*" } }] } } });
  expect(await refusal(put("Dataplane", "d", dataplane({ "kuma.io/service": "a", team: "b" })))).toContain("does not fulfill any requirements");
  expect(await refusal(put("Dataplane", "d", dataplane({ "kuma.io/service": "a", team: "a", x: "1", bad: "1" })))).toContain("matches restricted tags");
  await put("Dataplane", "d", dataplane({ "kuma.io/service": "a", team: "a", x: "1" }));
});
test("a user may not write insights, a proxy's record may be", async () => {
  const { door, put } = aDoor();
  await put("Mesh", "default");
  await put("Dataplane", "d", dataplane());
  expect(await refusal(put("DataplaneInsight", "d"))).toContain("On zone control plane you can only modify zone resources");
  const owner = { type: "Dataplane", mesh: "default", name: "d" };
  await door.writeResource({ is: "proxy", name: "d" }, { type: "DataplaneInsight", mesh: "default", name: "d", labels: {}, spec: {}, owner });
});
test("updates of one key at the same time are all kept", async () => {
  const { store, door, put } = aDoor();
  await put("Mesh", "default");
  await put("MeshService", "s", { spec: {} });
  const key = { type: "MeshService", mesh: "default", name: "s" };
  const add = (label: string) => door.update({ is: "controller", name: "x" }, key, (current) => current && { ...current, labels: { ...current.labels, [label]: "1" } });
  await Promise.all(["a", "b", "c"].map(add));
  expect(store.get(key)?.labels).toMatchObject({ a: "1", b: "1", c: "1" });
});
