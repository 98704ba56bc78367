// Configurations that were seen equal to the reference's: policies in `observed-envoy/*.yaml`, and beside them, in `*.golden.json`, what each changes.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { createInspection } from "#api";
import { createPipeline, createSealer } from "#envoy";
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { createPlanner, feature, meshView, type ProxyTraits } from "#mesh";
import { envoyPolicies, routeShapers } from "#policies";
import { policyKinds } from "#policies/kinds";
import { computeLabels, isObject, kindsOf, parseDocument, type Place, type Resource, type SpecKind } from "#resources";
import { coreKinds } from "#resources/kinds";

export interface ObservedCase {
  readonly case: string;
  readonly services: "Disabled" | "Exclusive";
  readonly permissive?: boolean;
  /** What the proxies can do beside the usual. */
  readonly abilities?: readonly (keyof typeof abilities)[];
  /** More of the Mesh. */
  readonly mesh?: Readonly<Record<string, unknown>>;
  readonly policies?: readonly Readonly<Record<string, unknown>>[];
}

/** Path of what a case changes, to its new value; null where something is gone. */
export type Changes = Readonly<Record<string, unknown>>;

export const folder = join(import.meta.dirname, "observed-envoy");
export const observedFiles = (): readonly string[] => readdirSync(folder).filter((it) => it.endsWith(".yaml")).toSorted().map((it) => it.replace(/\.yaml$/, ""));
export const casesOf = (file: string): readonly ObservedCase[] => load(readFileSync(join(folder, `${file}.yaml`), "utf8")) as readonly ObservedCase[];

const place: Place = { mode: "zone", zone: "default", federated: false, environment: "universal", systemNamespace: "kuma-system" };
const kinds = kindsOf([...coreKinds, ...policyKinds]);
const inOrder = policyKinds.filter((it): it is SpecKind => it.shape === "spec").toSorted((a, b) => (a.policy?.order ?? 0) - (b.policy?.order ?? 0));
const settings = { internalCidrs: ["10.0.0.0/8"], serviceVipPort: 80, dnsDomain: "mesh", spireSocketPath: "" };
const user = { name: "mesh-system:admin", groups: ["mesh-system:admin"] };

function resourceOf(document: Readonly<Record<string, unknown>>): Resource {
  const kind = kinds.byName(String(document["type"]));
  if (!kind) throw new Error(`unknown kind ${String(document["type"])}`);
  const { resource } = parseDocument(kind, document);
  return { ...resource, ...(isObject(document["status"]) ? { status: document["status"] } : {}), labels: computeLabels(kind, resource, place), creationTime: 0, modificationTime: 0, version: 1 };
}

const inMesh = (fields: Readonly<Record<string, unknown>>): Resource => resourceOf({ mesh: "m", ...fields });
const inbound = (service: string, port: number, protocol?: string, more: Readonly<Record<string, unknown>> = {}) => ({ port, tags: { "kuma.io/service": service, "kuma.io/zone": "default", ...(protocol ? { "kuma.io/protocol": protocol } : {}) }, ...more });
const dataplane = (name: string, address: string, inbounds: readonly unknown[], outbound: readonly unknown[] = []): Resource =>
  inMesh({ type: "Dataplane", name, networking: { address, inbound: inbounds, outbound } });

/** One service of each protocol, behind two proxies. */
const protocols = { web: [80, "http"], grpcs: [81, "grpc"], h2: [82, "http2"], bytes: [83, "tcp"], bytes2: [84, "tcp"] } as const;

const services = Object.entries(protocols).map(([name, [port, appProtocol]]) =>
  inMesh({
    type: "MeshService", name, labels: { "kuma.io/display-name": name },
    spec: { selector: { dataplaneTags: { "kuma.io/service": name } }, ports: [{ port, targetPort: port, appProtocol, name: String(port) }], identities: [{ type: "ServiceTag", value: name }] },
    status: { tls: { status: "Ready" } },
  }),
);

const listed = (kind: ObservedCase["services"]) =>
  Object.entries(protocols).map(([name, [port]]) => (kind === "Disabled" ? { port: 10_000 + port, tags: { "kuma.io/service": name } } : { port: 10_000 + port, backendRef: { kind: "MeshService", name, port } }));

const traits: ProxyTraits = {
  features: new Set([feature.strictInboundPorts, feature.reusePort]), ipv6: true, transparentProxy: undefined, dnsPort: 0, readinessPort: 9902, adminPort: 0, adminAddress: "", adminSocketPath: "", workdir: "/tmp",
};

const abilities = {
  transparent: { transparentProxy: { inboundPort: 15006, outboundPort: 15001, outboundEnabled: true, dnsEnabled: false, ipFamilyMode: "dualstack" } },
  unified: {},
  "otel-via-kuma-dp": {},
} as const;

/** A proxy of a case: the same plain one unless it names abilities. */
function traitsWith(its: readonly (keyof typeof abilities)[]): ProxyTraits {
  const announced = { transparent: feature.transparentProxyInMetadata, unified: feature.unifiedNaming, "otel-via-kuma-dp": feature.otelViaDp };
  return its.reduce((all: ProxyTraits, ability) => ({ ...all, ...abilities[ability], features: new Set([...all.features, announced[ability]]) }), traits);
}

/** One for all cases, as in a control plane whose mesh changes again and again: what is kept from one case and does not hold in another shows. */
const engine = {
  planner: createPlanner({ policyKinds: inOrder, kindOf: (name) => kinds.byName(name), shapers: routeShapers }),
  pipeline: createPipeline(envoyPolicies, createSealer()),
};

function configs({ services: mode, permissive, abilities: its = [], mesh: more = {} }: ObservedCase, policies: readonly Resource[]): Readonly<Record<string, unknown>> {
  const mesh = resourceOf({ type: "Mesh", name: "m", meshServices: { mode }, mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin", mode: permissive ? "PERMISSIVE" : "STRICT" }] }, ...more }) as Resource<Mesh>;
  const dataplanes = [
    dataplane("client", "10.0.0.1", [{ ...inbound("client", 3000), tags: { "kuma.io/service": "client", "kuma.io/zone": "default", team: "a" } }], listed(mode)),
    dataplane("many", "10.0.0.4", [inbound("grpcs", 81, "grpc"), inbound("h2", 82, "http2"), inbound("bytes", 83, "tcp"), inbound("bytes2", 84)]),
    dataplane("web-1", "10.0.0.2", [{ ...inbound("web", 80, "http", { servicePort: 8080 }), tags: { "kuma.io/service": "web", "kuma.io/zone": "default", "kuma.io/protocol": "http", version: "v1" } }]),
  ];
  const lists = Map.groupBy([...dataplanes, ...(mode === "Exclusive" ? services : []), ...policies], (it) => it.type);
  const view = meshView({ mesh, zone: place.zone, settings, lists });
  const inspection = createInspection({
    kinds, trustOf: () => new Map(), viewOf: () => view,
    ...engine,
    proxyOf: (_mesh, name) => {
      const found = dataplanes.find((it) => it.name === name) as Resource<Dataplane> | undefined;
      return found && { dataplane: found, traits: traitsWith(its) };
    },
  });
  return Object.fromEntries(dataplanes.map(({ name }) => {
    const page = inspection.dataplaneConfig?.({ mesh: "m", name }, {}, user);
    if (!isObject(page)) throw new Error(`no configuration of ${name}`);
    return [name, page["xds"]];
  }));
}

/** What the case's policies (and its part of the Mesh) change at each proxy. */
export function changesOf(it: ObservedCase): Readonly<Record<string, Changes>> {
  const { mesh: _, ...without } = it;
  const [before, after] = [configs(without, []), configs(it, (it.policies ?? []).map((policy) => inMesh(policy)))];
  return Object.fromEntries(Object.keys(after).map((name) => [name, Object.fromEntries(changes(before[name], after[name], ""))] as const).filter(([, its]) => Object.keys(its).length > 0));
}

function changes(before: unknown, after: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isObject(before) || !isObject(after)) {
    // Filters, chains and routes are looked into one by one while there are as many of them.
    if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) return before.flatMap((value, at) => changes(value, after[at], `${path}/${at}`));
    return [[path.replace(/type\.googleapis\.com\/envoy\.[\w.]*\./g, ""), after ?? null]];
  }
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted().flatMap((key) => changes(before[key], after[key], `${path}/${key}`));
}
