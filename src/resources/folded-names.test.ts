import { policyKinds } from "#policies/kinds";
import { expect, test } from "vitest";
import { kindsOf } from "./kind.ts";
import { coreKinds } from "./kinds/index.ts";
import { parseDocument } from "./parse.ts";

const kinds = kindsOf([...coreKinds, ...policyKinds]);
const read = (type: string, document: object) => parseDocument(kinds.byName(type) ?? expect.unreachable(type), { type, mesh: "default", name: "n", ...document });
const mesh = { kind: "Mesh" };

test("names of a spec are known in any case of letters, and told to nobody as unknown", () => {
  const { resource, unknown } = read("MeshTimeout", { LABELS: { Team: "a" }, spec: { TARGETREF: { Kind: "MeshSubset", TAGS: { Kind: "x", kind: "y" } }, To: [{ targetref: mesh, default: { connectiontimeout: "5s", HTTP: { RequestTimeout: "3s" }, nobodyKnows: 1 } }] } });
  expect(resource.labels).toEqual({ Team: "a" });
  expect(resource.spec).toMatchObject({ targetRef: { kind: "MeshSubset", tags: { Kind: "x", kind: "y" } }, to: [{ targetRef: mesh, default: { connectionTimeout: "5s", http: { requestTimeout: "3s" } } }] });
  expect(unknown).toEqual(["spec.to[0].default.nobodyKnows"]);
});

test("of two spellings the usual one counts, objects are read one into the other", () => {
  for (const times of [{ connectionTimeout: "5s", CONNECTIONTIMEOUT: "6s" }, { CONNECTIONTIMEOUT: "6s", connectionTimeout: "5s" }]) {
    const { resource } = read("MeshTimeout", { spec: { targetRef: mesh, to: [{ targetRef: mesh, default: { ...times, http: { requestTimeout: "1s" }, HTTP: { streamIdleTimeout: "2s" } } }] } });
    expect(resource.spec).toMatchObject({ to: [{ default: { connectionTimeout: "5s", http: { requestTimeout: "1s", streamIdleTimeout: "2s" } } }] });
  }
});

test("what is required must be spelled as it is", () => {
  const required = (item: object) => () => read("MeshTimeout", { spec: { to: [{ default: { connectionTimeout: "5s" }, ...item }] } });
  expect(required({ targetRef: { Kind: "Mesh" } })).toThrow("spec.to[0].targetRef.kind");
  expect(required({ TARGETREF: { kind: "Mesh" } })).toThrow("spec.to[0].targetRef");
});

test("of a flat kind only what surrounds it", () => {
  const { resource, unknown } = parseDocument(kinds.byName("Dataplane") ?? expect.unreachable(), { TYPE: "Dataplane", Mesh: "m", NAME: "n", Labels: { a: "b" }, Networking: { address: "1.1.1.1" } });
  expect(resource).toMatchObject({ type: "Dataplane", mesh: "m", name: "n", labels: { a: "b" } });
  expect(unknown).toEqual(["Networking"]);
});
