import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { DataplaneSchema, type Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { policyKinds } from "#policies/kinds";
import type { Kind, Labels, PolicySpec, Resource } from "#resources";
import { fromRules } from "./from-rules.ts";
import { inboundRules } from "./inbound-rules.ts";
import { matchPolicies } from "./matching.ts";
import type { PolicyResource } from "./policies.ts";
import { resourceRules, ruleForResource } from "./resource-rules.ts";
import { singleRule } from "./single-rule.ts";
import { ruleForTags } from "./subsets.ts";
import { toRules } from "./to-rules.ts";

const kindNamed = (name: string): Kind => policyKinds.find((it) => it.name === name) ?? (() => { throw new Error(name); })();
const timeout = kindNamed("MeshTimeout");

const resource = <S>(type: string, name: string, spec: S, labels: Labels = {}): Resource<S> => ({ type, mesh: "default", name, labels, spec, creationTime: 0, modificationTime: 0, version: 1 });
const policy = (name: string, spec: PolicySpec & { default?: unknown }, labels: Labels = {}): PolicyResource => resource("MeshTimeout", name, spec, labels);
const to = (kind: "Mesh" | "MeshService", value: object, ref: object = {}) => ({ targetRef: { kind, ...ref }, default: value });
const proxy = (name: string, labels: Labels = {}): Resource<Dataplane> =>
  resource("Dataplane", name, create(DataplaneSchema, { networking: { address: "10.0.0.1", inbound: [{ port: 80, name: "http", tags: { "kuma.io/service": "web" } }, { port: 81, tags: { "kuma.io/service": "admin" } }] } }), labels);

const mesh = resource("Mesh", "default", {});
const backend = resource("MeshService", "backend", { ports: [{ port: 80, name: "http" }] });
const services = [backend];
const targets = { mesh, byKind: (kind: string) => (kind === "MeshService" ? services : []) };

test("proxies with equal policies share lists, rules and confs", () => {
  const policies = [policy("a", { to: [to("Mesh", { idleTimeout: "1s" })] }), policy("b", { to: [to("Mesh", { idleTimeout: "2s" })] })];
  const [first, second] = [matchPolicies(timeout, policies, proxy("one")), matchPolicies(timeout, policies, proxy("two"))];
  expect(first.all).toBe(second.all);
  expect(first.byInbound.get("10.0.0.1:80")).toBe(first.all);
  expect(toRules(timeout, first.all, targets)[0]?.conf).toBe(toRules(timeout, second.all, targets)[0]?.conf);
  expect(resourceRules(timeout, first.all, targets)).toBe(resourceRules(timeout, second.all, targets));
});

test("the alphabetically first name wins", () => {
  const policies = [policy("a", { to: [to("Mesh", { idleTimeout: "1s" })] }), policy("b", { to: [to("Mesh", { idleTimeout: "2s" })] })];
  const { all } = matchPolicies(timeout, policies, proxy("one"));
  expect(resourceRules(timeout, all, targets).values().next().value?.conf).toEqual([{ idleTimeout: "1s" }]);
});

test("a section of a proxy narrows the policy to one inbound", () => {
  const narrow = policy("a", { targetRef: { kind: "Dataplane", sectionName: "http" }, rules: [{ default: { idleTimeout: "1s" } }] });
  const { byInbound, all } = matchPolicies(timeout, [narrow], proxy("one"));
  expect([...byInbound.keys()]).toEqual(["10.0.0.1:80"]);
  expect(inboundRules(timeout, all).map((it) => it.conf)).toEqual([{ idleTimeout: "1s" }]);
});

test("policies of another zone, of another namespace and shadow policies do not select", () => {
  const far = policy("far", { to: [] }, { "kuma.io/origin": "zone", "kuma.io/zone": "west" });
  const foreign = policy("foreign", { to: [] }, { "kuma.io/policy-role": "consumer", "k8s.kuma.io/namespace": "x" });
  const shadow = policy("shadow", { to: [] }, { "kuma.io/effect": "shadow" });
  const east = proxy("one", { "kuma.io/origin": "zone", "kuma.io/zone": "east", "k8s.kuma.io/namespace": "y" });
  expect(matchPolicies(timeout, [far, foreign, shadow], east).all).toEqual([]);
  expect(matchPolicies(timeout, [far, foreign, shadow], east, { includeShadow: true }).all).toEqual([shadow]);
});

test("the rule of a port comes before that of its service, that before the mesh's", () => {
  const { all } = matchPolicies(timeout, [policy("a", { to: [to("Mesh", { idleTimeout: "9s" }), to("MeshService", { idleTimeout: "2s" }, { name: "backend" })] })], proxy("one"));
  const rules = resourceRules(timeout, all, targets);
  expect(ruleForResource(rules, backend, "http", mesh)?.conf).toEqual([{ idleTimeout: "2s" }]);
  expect(ruleForResource(rules, resource("MeshService", "other", {}), "http", mesh)?.conf).toEqual([{ idleTimeout: "9s" }]);
});

test("an unknown section gets no rule", () => {
  const { all } = matchPolicies(timeout, [policy("a", { to: [to("MeshService", { idleTimeout: "2s" }, { name: "backend", sectionName: "80" })] })], proxy("one"));
  expect(resourceRules(timeout, all, targets).size).toBe(0);
});

test("clients in no rule's positive tags fall to the negated one", () => {
  const permission = kindNamed("MeshTrafficPermission");
  const rules = fromRules(permission, [
    policy("p", { from: [{ targetRef: { kind: "Mesh" }, default: { action: "Deny" } }, { targetRef: { kind: "MeshService", name: "web" }, default: { action: "Allow" } }] }),
  ]);
  expect(ruleForTags(rules, { "kuma.io/service": "web" })?.conf).toEqual({ action: "Allow" });
  expect(ruleForTags(rules, { "kuma.io/service": "other" })?.conf).toEqual({ action: "Deny" });
});

test("exact SPIFFE matches come before prefixes, SNI and the rest", () => {
  const rules = [
    { default: { id: "all" } },
    { matches: [{ sni: { type: "Exact", value: "x" } }], default: { id: "sni" } },
    { matches: [{ spiffeID: { type: "Prefix", value: "spiffe://a" } }], default: { id: "prefix" } },
    { matches: [{ spiffeID: { type: "Exact", value: "spiffe://a/b" } }], default: { id: "exact" } },
  ];
  const ordered = inboundRules(timeout, [policy("a", { rules })]).map((it) => it.conf);
  expect(ordered).toEqual([{ id: "exact" }, { id: "prefix" }, { id: "sni" }, { id: "all" }]);
});

test("a single default is merged over all policies", () => {
  expect(singleRule(timeout, [policy("b", { default: { x: 1, y: 1 } }), policy("a", { default: { y: 2 } })])?.conf).toEqual({ x: 1, y: 2 });
  expect(singleRule(timeout, [])).toBeUndefined();
});
