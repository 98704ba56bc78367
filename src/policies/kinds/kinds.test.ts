// What all policy kinds have in common, and what each refuses in the words of the reference.
import { expect, test } from "vitest";
import type { Resource } from "#resources";
import { policyKinds } from "./index.ts";

const kindNamed = (name: string) => {
  const kind = policyKinds.find((it) => it.name === name);
  if (kind?.shape !== "spec") throw new Error(name);
  return kind;
};

function check(name: string, spec: unknown, labels: Resource["labels"] = {}) {
  const kind = kindNamed(name);
  const resource: Resource = { type: name, mesh: "default", name: "x", labels, spec: kind.spec.parse(spec), creationTime: 0, modificationTime: 0, version: 0 };
  return {
    violations: (kind.validate?.(resource.spec, resource) ?? []).map((it) => `${it.field}: ${it.message}`),
    warnings: kind.deprecations?.(resource) ?? [],
  };
}

test("paths and names follow from the kind's name", () => {
  expect(policyKinds.map((kind) => kind.path)).toEqual([
    "meshaccesslogs", "meshcircuitbreakers", "meshfaultinjections", "meshhealthchecks", "meshhttproutes", "meshloadbalancingstrategies", "meshmetrics", "meshpassthroughs",
    "meshproxypatches", "meshratelimits", "meshretries", "meshtcproutes", "meshtimeouts", "meshtlses", "meshtraces", "meshtrafficpermissions",
  ]);
  expect(["MeshHTTPRoute", "MeshTLS", "MeshLoadBalancingStrategy"].map((name) => kindNamed(name).displayNamePlural)).toEqual([
    "Mesh HTTP Routes", "Mesh TLSes", "Mesh Load Balancing Strategies",
  ]);
});

test("every policy flows both ways and has its own short name and order", () => {
  expect(policyKinds.every((kind) => kind.kds.globalToZones && kind.kds.zoneToGlobal && kind.kds.zoneToZone)).toBe(true);
  expect(new Set(policyKinds.map((kind) => kind.shortName)).size).toBe(16);
  expect(new Set(policyKinds.map((kind) => kind.policy?.order)).size).toBe(16);
});

const mesh = { kind: "Mesh" };

test.each<[name: string, spec: unknown, violations: string[]]>([
  ["MeshTimeout", {}, ["spec: at least one of 'from', 'to' or 'rules' has to be defined"]],
  ["MeshTimeout", { to: [{ targetRef: mesh, default: { http: {} } }] }, ["spec.to[0].default.http: at least one timeout in this section should be configured"]],
  ["MeshTimeout", { to: [{ targetRef: mesh, default: { connectionTimeout: "0s" } }] }, ["spec.to[0].default.connectionTimeout: must be greater than zero when defined"]],
  ["MeshTrafficPermission", { from: [] }, ["spec: at least one of 'from' or 'rules' has to be defined"]],
  ["MeshTrafficPermission", { from: [{ targetRef: mesh, default: {} }] }, ["spec.from[0].default.action: must be defined"]],
  ["MeshCircuitBreaker", { rules: [{ default: { connectionLimits: { maxRetries: 0 } } }] }, ["spec.from[0].default.connectionLimits.maxRetries: must be greater than 0"]],
  ["MeshRetry", { to: [{ targetRef: mesh, default: { http: { retryOn: ["foo"] } } }] }, ["spec.to[0].default.conf.http.retryOn[0]: unknown item 'foo'"]],
  ["MeshHTTPRoute", { to: [{ targetRef: mesh, rules: [] }] }, ["spec.to[0].targetRef.kind: value 'Mesh' is not supported"]],
  ["MeshTCPRoute", { to: [{ targetRef: { kind: "MeshService", name: "a" }, rules: [{ default: {} }] }] }, ["spec.to[0].rules[0].default.backendRefs: must be defined"]],
  ["MeshAccessLog", { to: [{ targetRef: mesh, default: {} }] }, ["spec.to[0].default.backends: must be defined"]],
  ["MeshHealthCheck", { to: [{ targetRef: mesh, default: {} }] }, ["spec.to[0].default: must have at least one defined: http, tcp, grpc"]],
  ["MeshRateLimit", { from: [{ targetRef: mesh, default: {} }], targetRef: { kind: "Dataplane" } }, ["spec.from[0].default.local: must be defined"]],
  ["MeshTLS", { targetRef: { kind: "Dataplane" }, rules: [{ default: { tlsVersion: {} } }] }, ["spec.rules[0].default.tlsVersion: tlsVersion can only be defined with top level targetRef kind: Mesh"]],
  ["MeshTrace", {}, ["spec.default.backends: must be defined"]],
  ["MeshProxyPatch", { default: {} }, ["spec.default.appendModifications: must not be empty"]],
  ["MeshPassthrough", { default: { appendMatch: [{ type: "IP", value: "x" }] } }, ["spec.default.appendMatch[0].value: provided IP has incorrect value"]],
  ["MeshMetric", {}, []],
])("%s %j", (name, spec, violations) => {
  expect(check(name, spec).violations).toEqual(violations);
});

test("a policy of a namespace may not be attached to a gateway where only the system may", () => {
  const spec = { targetRef: { kind: "MeshGateway", name: "g" }, to: [{ targetRef: mesh, default: { idleTimeout: "1s" } }] };
  expect(check("MeshTimeout", spec, { "kuma.io/policy-role": "consumer" }).violations).toEqual(["spec.targetRef.kind: value 'MeshGateway' is not supported"]);
  expect(check("MeshTimeout", spec).violations).toEqual([]);
});

test("deprecated references and sections are warned about", () => {
  const spec = { targetRef: { kind: "MeshService", name: "a" }, from: [{ targetRef: mesh, default: { idleTimeout: "1s" } }] };
  expect(check("MeshTimeout", spec).warnings).toEqual([
    "'from' field is deprecated, use 'rules' instead",
    "MeshService value for 'targetRef.kind' is deprecated, use Dataplane with labels instead",
  ]);
});
