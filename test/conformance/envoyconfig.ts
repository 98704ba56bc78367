// Whole Envoy configurations against the reference's: a mesh in memory, planned, drafted, sealed and printed by the inspection API.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInspection, type InspectionParts } from "#api";
import { createPipeline, createSealer } from "#envoy";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import { createPlanner, feature, meshView, type ProxyTraits } from "#mesh";
import { envoyPolicies, routeShapers } from "#policies";
import { policyKinds } from "#policies/kinds";
import { computeLabels, isObject, kindsOf, parseDocument, type Kinds, type Place, type Resource, type SpecKind } from "#resources";
import { coreKinds } from "#resources/kinds";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { canonical, dataFolder, documents, filesOf, hasData, runCases, type Case, type Outcome } from "./data.ts";
import { applied, normalised, normalisedDiff } from "./envoyconfig-normal.ts";

const place: Place = { mode: "zone", zone: "kuma-3", federated: true, environment: "universal", systemNamespace: "kuma-system" };
const kinds: Kinds = kindsOf([...coreKinds, ...policyKinds]);
const inOrder = policyKinds.filter((it): it is SpecKind => it.shape === "spec").toSorted((a, b) => (a.policy?.order ?? 0) - (b.policy?.order ?? 0));
const meshName = "envoyconfig";

/** What the proxies of the fixtures announced when they connected. */
const traits: ProxyTraits = {
  features: new Set([feature.embeddedDns, feature.transparentProxyInMetadata, feature.strictInboundPorts, feature.reusePort]),
  ipv6: false,
  transparentProxy: { inboundPort: 15006, outboundPort: 15001, outboundEnabled: true, dnsEnabled: true, ipFamilyMode: "dualstack" },
  dnsPort: 15053, readinessPort: 9902, adminPort: 9901, adminAddress: "127.0.0.1", adminSocketPath: "", workdir: "/tmp",
};

const user = { name: "mesh-system:admin", groups: ["mesh-system:admin"] };

function resourceOf(document: Readonly<Record<string, unknown>>): Resource {
  const kind = kinds.byName(String(document["type"]));
  if (!kind) throw new Error(`unknown kind ${String(document["type"])}`);
  const { resource } = parseDocument(kind, document);
  const status = isObject(document["status"]) ? { status: document["status"] } : {};
  return { ...resource, ...status, labels: computeLabels(kind, resource, place), creationTime: 0, modificationTime: 0, version: 1 };
}

const inMesh = (type: string, name: string, fields: Record<string, unknown>) => resourceOf({ type, name, mesh: meshName, ...fields });

const mesh = resourceOf({
  type: "Mesh", name: meshName, skipCreatingInitialPolicies: ["*"], meshServices: { mode: "Exclusive" },
  mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] },
}) as Resource<Mesh>;

function dataplane(name: string, address: string, inbound: { port: number; servicePort?: number; tags: Record<string, string> }): Resource {
  const networking = {
    address,
    inbound: [{ ...inbound, tags: { "kuma.io/service": name, "kuma.io/zone": place.zone, ...inbound.tags } }],
    transparentProxying: { redirectPortInbound: 15006, redirectPortOutbound: 15001 },
  };
  return inMesh("Dataplane", name, { networking });
}

/** As the reference generates it from the Dataplanes with the tag. */
function service(name: string, vip: string, port: { port: number; appProtocol: string }): Resource {
  return inMesh("MeshService", name, {
    labels: { "kuma.io/display-name": name, "kuma.io/managed-by": "meshservice-generator" },
    spec: {
      state: "Available", selector: { dataplaneTags: { "kuma.io/service": name } },
      ports: [{ ...port, name: String(port.port), targetPort: port.port }], identities: [{ type: "ServiceTag", value: name }],
    },
    status: { vips: [{ ip: vip }], addresses: [{ hostname: `${name}.svc.mesh.local` }], tls: { status: "Ready" } },
  });
}

const fixtures: readonly Resource[] = [
  inMesh("MeshTrafficPermission", "allow-all", { spec: { from: [{ targetRef: { kind: "Mesh" }, default: { action: "Allow" } }] } }),
  dataplane("demo-client", "10.0.0.1", { port: 3000, tags: { team: "client-owners" } }),
  dataplane("test-server", "10.0.0.2", { port: 80, servicePort: 8080, tags: { "kuma.io/protocol": "http", version: "v1", instance: "1", team: "server-owners" } }),
  service("demo-client", "241.0.0.1", { port: 3000, appProtocol: "tcp" }),
  service("test-server", "241.0.0.2", { port: 80, appProtocol: "http" }),
];

function inspectionOf(resources: readonly Resource[]) {
  const sealer = createSealer();
  const settings = { internalCidrs: ["10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "fc00::/7", "fd00::/8", "127.0.0.1/32", "::1/128"], serviceVipPort: 80, dnsDomain: "mesh", spireSocketPath: "" };
  const lists = Map.groupBy([...fixtures, ...resources], (it) => it.type);
  const view = meshView({ mesh, zone: place.zone, settings, lists });
  const parts: InspectionParts = {
    kinds, trustOf: () => new Map(),
    planner: createPlanner({ policyKinds: inOrder, kindOf: (name) => kinds.byName(name), shapers: routeShapers }),
    pipeline: createPipeline(envoyPolicies, sealer),
    viewOf: () => view,
    proxyOf: (_mesh, name) => {
      const found = view.list("Dataplane").find((it) => it.name === name);
      return found && { dataplane: found as Resource<Dataplane>, traits };
    },
  };
  return createInspection(parts);
}

function cases(): readonly Case[] {
  const root = "envoyconfig/sidecars";
  return ["meshtimeout", "meshtrafficpermission"].flatMap((group) =>
    filesOf(`${root}/${group}`, ".golden.json").map((file) => {
      const [fixture = "", proxy = ""] = file.split(".");
      return { folder: `${root}/${group}`, name: `${fixture} ${proxy}`, check: () => check(`${root}/${group}`, fixture, proxy) };
    }),
  );
}

function check(folder: string, fixture: string, proxy: string) {
  const policies = documents(`${folder}/${fixture}.input.yaml`).map(resourceOf);
  const page = inspectionOf(policies).dataplaneConfig;
  const where = { mesh: meshName, name: proxy };
  const shadowed = page?.(where, { shadow: "true", include: "diff" }, user);
  const plain = page?.(where, {}, user);
  const golden: unknown = JSON.parse(readFileSync(join(dataFolder, folder, `${fixture}.${proxy}.golden.json`), "utf8"));
  if (!isObject(shadowed) || !isObject(plain) || !isObject(golden)) throw new Error("no configuration");
  const patched = applied(shadowed["diff"], plain["xds"]);
  const expected = { xds: normalised(golden["xds"]), diff: normalisedDiff(golden["diff"]), patched: canonical(shadowed["xds"]) };
  return { actual: { xds: normalised(shadowed["xds"]), diff: normalisedDiff(shadowed["diff"]), patched: canonical(patched) }, expected };
}

export const runEnvoyconfig = (): readonly Outcome[] => (hasData() ? runCases(cases()) : []);
