import { expect, test } from "vitest";
import { includesGateways, targetRef, validateTargetRef, type TargetRef, type TargetRefRules } from "./target-ref.ts";

const all: TargetRefRules = { kinds: ["Mesh", "Dataplane", "MeshSubset", "MeshGateway", "MeshService", "MeshExternalService", "MeshServiceSubset", "MeshHTTPRoute"] };
const messages = (ref: TargetRef, rules = all) => validateTargetRef("r", ref, rules).map((it) => `${it.field}: ${it.message}`);

test("a kind that a policy does not take is the only thing reported", () => {
  expect(messages({ kind: "MeshService" }, { kinds: ["Mesh"] })).toEqual(["r.kind: value 'MeshService' is not supported"]);
});

test("a Mesh carries nothing but proxy types", () => {
  expect(messages({ kind: "Mesh", name: "a", tags: { a: "b" }, sectionName: "x", proxyTypes: [] })).toEqual([
    "r.name: using name with kind Mesh is not yet supported",
    "r.tags: must not be set with kind Mesh",
    "r.sectionName: must not be set with kind Mesh",
    "r.proxyTypes: must be undefined or have at least one element",
  ]);
});

test("a MeshService is named or labelled, not both, not neither", () => {
  expect(messages({ kind: "MeshService" })).toEqual(["r: name or labels must be set when kind is MeshService"]);
  expect(messages({ kind: "MeshService", name: "a", labels: { a: "b" } })).toEqual(["r.labels: either labels or name and namespace must be specified"]);
  expect(messages({ kind: "MeshService", name: "A B" })[0]).toMatch(/^r.name: invalid characters/);
});

test("a Dataplane is narrowed to a section only by policies of inbounds", () => {
  expect(messages({ kind: "Dataplane", name: "a", sectionName: "http" })).toEqual(["r.sectionName: can only be used with inbound policies"]);
  expect(messages({ kind: "Dataplane", name: "a", sectionName: "http" }, { ...all, isInbound: true })).toEqual([]);
});

test("gateway tags are refused unless the policy takes them", () => {
  const ref: TargetRef = { kind: "MeshGateway", name: "a", tags: { a: "b" } };
  expect(messages(ref)).toEqual(["r.tags: must not be set with kind MeshGateway"]);
  expect(messages(ref, { ...all, gatewayTags: true })).toEqual([]);
});

test("an absent reference means the mesh with its gateways", () => {
  expect(validateTargetRef("r", undefined, all)).toEqual([]);
  expect(includesGateways(undefined)).toBe(true);
  expect(includesGateways({ kind: "Mesh", proxyTypes: ["Sidecar"] })).toBe(false);
});

test("an unknown kind does not parse", () => {
  expect(targetRef.safeParse({ kind: "Bogus" }).success).toBe(false);
});
