// Pages of a small mesh in memory: what a user is shown.
import { expect, test } from "vitest";
import { createPipeline, createSealer } from "#envoy";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { createPlanner, meshView, type ProxyTraits } from "#mesh";
import { envoyPolicies, routeShapers } from "#policies";
import { policyKinds } from "#policies/kinds";
import { failureOf, isObject, kindsOf, parseDocument, type Resource, type SpecKind } from "#resources";
import { coreKinds } from "#resources/kinds";
import { createInspection } from "./inspection.ts";

const kinds = kindsOf([...coreKinds, ...policyKinds]);
const user = { name: "u", groups: [] };
const traits: ProxyTraits = {
  features: new Set(), ipv6: false, transparentProxy: undefined, dnsPort: 0, readinessPort: 9902, adminPort: 9901, adminAddress: "", adminSocketPath: "", workdir: "",
};

function resource(document: Record<string, unknown>): Resource {
  const kind = kinds.byName(String(document["type"]));
  if (!kind) throw new Error("unknown kind");
  return { ...parseDocument(kind, { mesh: "default", ...document }).resource, creationTime: 0, modificationTime: 0, version: 1 };
}

const tags = (service: string, protocol: string) => ({ "kuma.io/service": service, "kuma.io/protocol": protocol });
const dataplanes = [
  resource({ type: "Dataplane", name: "web", networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: tags("web", "http") }] } }),
  resource({
    type: "Dataplane", name: "client",
    networking: { address: "10.0.0.2", inbound: [{ port: 81, tags: tags("client", "tcp") }], outbound: [{ port: 1000, tags: { "kuma.io/service": "web" } }] },
  }),
];
const timeout = (name: string, labels: Record<string, string>, to: unknown, connectionTimeout: string) =>
  resource({ type: "MeshTimeout", name, labels, spec: { to: [{ targetRef: to, default: { connectionTimeout } }] } });

function inspect(mode: string, ...policies: readonly Resource[]) {
  const mtls = { enabledBackend: "ca", backends: [{ name: "ca", type: "builtin" }] };
  const mesh = resource({ type: "Mesh", name: "default", meshServices: { mode }, mtls }) as Resource<Mesh>;
  const settings = { internalCidrs: ["10.0.0.0/8"], serviceVipPort: 80, dnsDomain: "mesh", spireSocketPath: "" };
  const view = meshView({ mesh, zone: "z", settings, lists: Map.groupBy([...dataplanes, ...policies], (it) => it.type) });
  const specKinds = policyKinds.filter((it): it is SpecKind => it.shape === "spec");
  return createInspection({
    kinds,
    trustOf: () => new Map(), planner: createPlanner({ policyKinds: specKinds, kindOf: (name) => kinds.byName(name), shapers: routeShapers }),
    pipeline: createPipeline(envoyPolicies, createSealer()),
    viewOf: (name) => (name === "default" ? view : undefined),
    proxyOf: (_mesh, name) => (name === "client" ? { dataplane: dataplanes[1] as Resource<Dataplane>, traits } : undefined),
  });
}

/** The JSON that a client gets. */
const shown = (page: unknown): unknown => JSON.parse(JSON.stringify(page));
const client = { mesh: "default", name: "client" };

function cluster(page: unknown, name: string): unknown {
  const xds = isObject(page) && isObject(page["xds"]) ? page["xds"] : {};
  const clusters = xds["type.googleapis.com/envoy.config.cluster.v3.Cluster"];
  return isObject(clusters) ? clusters[name] : undefined;
}

test("a client of a service named by tags announces its mesh as `mesh`", () => {
  const page = inspect("Disabled").dataplaneConfig?.(client, {}, user);
  expect(JSON.stringify(cluster(page, "web"))).toContain('"sni":"web{mesh=default}"');
});

test("secrets are shown as being there, never as what they are", () => {
  const page = shown(inspect("Disabled").dataplaneConfig?.(client, {}, user));
  const secrets = isObject(page) && isObject(page["xds"]) ? page["xds"]["type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"] : undefined;
  expect(secrets).toMatchObject({ "identity_cert:secret:default": { tlsCertificate: { privateKey: { inlineBytes: Buffer.from("KEY").toString("base64") } } } });
});

test("a shadow policy changes the configuration only when asked for, and the difference is told", () => {
  const inspection = inspect("Disabled", timeout("t", { "kuma.io/effect": "shadow" }, { kind: "Mesh" }, "7s"));
  expect(cluster(inspection.dataplaneConfig?.(client, {}, user), "web")).toMatchObject({ connectTimeout: "5s" });
  const page = inspection.dataplaneConfig?.(client, { shadow: "true", include: "diff" }, user);
  expect(cluster(page, "web")).toMatchObject({ connectTimeout: "7s" });
  const path = "/type.googleapis.com~1envoy.config.cluster.v3.Cluster/web/connectTimeout";
  const { diff } = page as { readonly diff: readonly { readonly path: string }[] };
  expect(diff.filter((it) => it.path === path)).toEqual([{ op: "test", path, value: "5s" }, { op: "remove", path, value: "5s" }, { op: "add", path, value: "7s" }]);
});

test("a proxy that never connected has no configuration", () => {
  const read = () => inspect("Disabled").dataplaneConfig?.({ mesh: "default", name: "web" }, {}, user);
  expect(read).toThrow();
  try {
    read();
  } catch (error) {
    expect(failureOf(error)?.is).toBe("not-found");
  }
});

test("rules say which policy they come from", () => {
  const page = shown(inspect("Disabled", timeout("t", {}, { kind: "MeshService", name: "web" }, "7s")).dataplaneRules?.(client, {}, user));
  expect(page).toMatchObject({
    rules: [{ type: "MeshTimeout", toRules: [{ matchers: [{ key: "kuma.io/service", value: "web", not: false }], conf: { connectionTimeout: "7s" }, origin: [{ name: "t" }] }] }],
  });
});

test("pages by identifier need services that are resources", () => {
  expect(() => inspect("Disabled").dataplaneLayout?.(client, {}, user)).toThrow("can't use _layout endpoint without meshService enabled");
  expect(shown(inspect("Exclusive").dataplaneLayout?.(client, {}, user))).toMatchObject({ inbounds: [{ port: 81, protocol: "tcp", proxyResourceName: "self_inbound_dp_81" }] });
});

test("the proxies that a policy selects come in pages", () => {
  const { matchedDataplanes } = inspect("Disabled", timeout("t", {}, { kind: "Mesh" }, "7s"));
  const where = { mesh: "default", name: "t", type: "MeshTimeout" };
  expect(matchedDataplanes?.(where, { size: "1" }, user)).toMatchObject({ total: 2, items: [{ name: "client" }], next: 1 });
  expect(matchedDataplanes?.(where, { size: "1", offset: "1" }, user)).toEqual(expect.not.objectContaining({ next: expect.anything() }));
});

test("the older pages tell which proxies a policy is attached to, and what is attached to a proxy", () => {
  const pages = inspect("Disabled", timeout("t", {}, { kind: "Mesh" }, "1s"));
  const attached = shown(pages.attachedDataplanes?.({ mesh: "default", name: "t", type: "MeshTimeout" }, {}, user));
  expect(attached).toMatchObject({ total: 2, items: [{ kind: "SidecarDataplane", dataplane: { mesh: "default", name: "client" }, attachments: [{ type: "dataplane" }] }, { dataplane: { name: "web" } }] });
  expect(pages.attachedDataplanes?.({ mesh: "default", name: "none", type: "MeshTimeout" }, {}, user)).toEqual({ total: 0, items: [] });
  expect(shown(pages.attachedPolicies?.(client, {}, user))).toMatchObject({ kind: "SidecarDataplane", total: 1, items: [{ type: "dataplane", matchedPolicies: { MeshTimeout: [{ name: "t" }] } }] });
});

test("the oldest page names each rule with the place where it holds", () => {
  const page = shown(inspect("Disabled", timeout("t", {}, { kind: "MeshService", name: "web" }, "7s")).legacyRules?.(client, {}, user));
  expect(page).toEqual({
    total: 1,
    items: [
      {
        type: "DestinationSubset", name: "web", addresses: ["127.0.0.1:1000"], service: "web", tags: { "kuma.io/service": "web" }, policyType: "MeshTimeout",
        subset: { "kuma.io/service": "web" }, conf: { connectionTimeout: "7s" }, origins: [{ mesh: "default", name: "t" }],
      },
    ],
  });
});

test("an older policy is attached to the calls of those it selects, the closest one only", () => {
  const older = (name: string, from: string, to: string) => resource({ type: "Timeout", name, sources: [{ match: { "kuma.io/service": from } }], destinations: [{ match: { "kuma.io/service": to } }], conf: { connectTimeout: "1s" } });
  const inspection = inspect("Disabled", older("any", "*", "*"), older("mine", "client", "*"), older("other", "web", "*"));
  const attached = (name: string) => shown(inspection.attachedDataplanes?.({ mesh: "default", name, type: "Timeout" }, {}, user));
  expect([attached("any"), attached("other")]).toEqual([{ total: 0, items: [] }, { total: 0, items: [] }]);
  expect(attached("mine")).toEqual({ total: 1, items: [{ kind: "SidecarDataplane", dataplane: { mesh: "default", name: "client" }, attachments: [{ type: "outbound", name: "127.0.0.1:1000", service: "web" }] }] });
  expect(shown(inspection.attachedPolicies?.(client, {}, user))).toMatchObject({ items: [{ type: "outbound", service: "web", matchedPolicies: { Timeout: [{ name: "mine" }] } }] });
});
