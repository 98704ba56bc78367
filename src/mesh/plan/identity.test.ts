// Which MeshIdentity names a proxy, how, and whom a mesh trusts.
import { expect, test } from "vitest";
import { create } from "@bufbuild/protobuf";
import { DataplaneSchema, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Labels, Resource } from "#resources";
import type { MeshIdentity, MeshIdentitySpec } from "#resources/kinds";
import { assignIdentity, trustedDomains, workloadIdentity } from "./identity.ts";

const common = { mesh: "m", creationTime: 0, modificationTime: 0, version: 1 };
const ready = [{ type: "Ready", status: "True" as const, reason: "Ready", message: "" }];
const bundled = { type: "Bundled" as const, bundled: { autogenerate: { enabled: true } } };
const identity = (name: string, matchLabels: Labels | undefined, more: Partial<MeshIdentitySpec> = {}, conditions = ready): MeshIdentity => ({
  ...common, type: "MeshIdentity", name, labels: { "kuma.io/zone": "east" }, status: { conditions },
  spec: { provider: bundled, ...(matchLabels ? { selector: { dataplane: { matchLabels } } } : {}), ...more },
});
const dataplane = (labels: Labels): Resource<Dataplane> => ({ ...common, type: "Dataplane", name: "web-1", labels, spec: create(DataplaneSchema) });
const web = dataplane({ "kuma.io/workload": "web", team: "shop" });
const named = (identities: readonly MeshIdentity[], proxy = web) => {
  const assigned = assignIdentity(identities, proxy, "local");
  return assigned && ("problem" in assigned ? assigned.problem : `${assigned.name} ${assigned.spiffeId}`);
};

test("without a template a proxy is named by its workload, in a domain of mesh and zone", () => {
  expect(named([identity("a", {})])).toBe("a spiffe://m.east.mesh.local/workload/web");
});

test("the selector with most labels wins, then the smallest name; one without a selector selects nobody", () => {
  const all = [identity("none", undefined), identity("b", {}), identity("a", {}), identity("z", { team: "shop" }), identity("y", { team: "else", "kuma.io/workload": "web" })];
  expect(named(all)).toMatch(/^z /);
  expect(named(all, dataplane({ "kuma.io/workload": "web" }))).toMatch(/^a /);
  expect(named([identity("none", undefined)])).toBeUndefined();
});

test("templates know mesh, zone, workload and labels", () => {
  const spiffeID = { trustDomain: '{{ .Mesh }}.{{ label "team" }}.example', path: '/{{ label "team" }}/{{ .Workload }}' };
  expect(named([identity("a", {}, { spiffeID })])).toBe("a spiffe://m.shop.example/shop/web");
});

test("a proxy that cannot be named is a problem, not a proxy without a name", () => {
  expect(named([identity("a", {}, { spiffeID: { path: '/{{ label "nope" }}' } })])).toContain("label nope not found");
  expect(named([identity("a", {})], dataplane({}))).toContain("does the Dataplane have the label kuma.io/workload?");
});

test("an identity counts once it was set up, and goes on while its authority is out of reach", () => {
  const state = (type: string, status: "True" | "False") => [{ type, status, reason: "", message: "" }];
  const isEstablished = (conditions: typeof ready) => {
    const assigned = assignIdentity([identity("a", {}, {}, conditions)], web, "local");
    return assigned?.isEstablished;
  };
  expect(isEstablished([])).toBe(false);
  expect(isEstablished([{ type: "Ready", status: "False" as never, reason: "", message: "" }])).toBe(false);
  expect(isEstablished([...state("Ready", "False"), ...state("MeshTrustCreated", "True")] as typeof ready)).toBe(true);
});

test("names by workload are told apart: tokens must be made for the workload", () => {
  const path = (text: string) => workloadIdentity([identity("a", {}, { spiffeID: { path: text } })], web.labels)?.path;
  expect(path("/x/{{ .Workload }}")).toBe("/x/{{ .Workload }}");
  expect(path('/x/{{label "kuma.io/workload"}}')).toBeDefined();
  expect(path('/x/{{ label "team" }}')).toBeUndefined();
  expect(workloadIdentity([identity("a", {})], web.labels)?.name).toBe("a");
});

test("what several MeshTrusts say of a domain is joined, domains are sorted, certificates counted once", () => {
  const trust = (name: string, trustDomain: string, ...pems: readonly string[]): Resource => ({
    ...common, type: "MeshTrust", name, labels: {}, spec: { trustDomain, caBundles: pems.map((value) => ({ type: "Pem", pem: { value } })) },
  });
  const domains = trustedDomains([trust("t2", "z", "Z\n"), trust("t1", "a", "A1", "A2"), trust("t0", "a", "A2\n", "A3")]);
  expect([...domains]).toEqual([["a", "A2\nA3\nA1\n"], ["z", "Z\n"]]);
});
