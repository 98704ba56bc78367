// From a reference to the resources it means: by name in the zone and namespace of the policy, by labels, or by an older Kubernetes name.
import { displayName, label, type Resource, type TargetRef } from "#resources";
import { memoOn, memoOnBoth } from "../intern.ts";

/** The resources that references can mean. One object while nothing of them changed: results are remembered on it. */
export interface RuleTargets {
  /** Absent only where a mesh is not known; then nothing applies to all of it. */
  readonly mesh: Resource | undefined;
  byKind(kind: string): readonly Resource[];
}

export interface Resolved {
  readonly resource: Resource;
  /** Name of a port, or its number when it has no name; empty for the whole resource. */
  readonly section: string;
}

/** Everything `ref` of `policy` means; empty when nothing is there. */
export function resolveRef(ref: TargetRef, policy: Resource, targets: RuleTargets): readonly Resolved[] {
  if (ref.kind === "Mesh") return targets.mesh ? [{ resource: targets.mesh, section: "" }] : [];
  const candidates = targets.byKind(ref.kind);
  if (candidates.length === 0) return [];
  if (ref.labels && Object.keys(ref.labels).length > 0) return narrow(byLabels(candidates, ref.labels), ref.sectionName);
  if (!ref.name) return [];
  const found = byIdentity(candidates).get(
    identity(ref.name, ref.namespace || policy.labels[label.namespace] || "", policy.labels[label.zone] ?? ""),
  );
  return found ? narrow([found], ref.sectionName) : byKubernetesName(candidates, ref);
}

export const identity = (name: string, namespace: string, zone: string): string => `${zone}|${namespace}|${name}`;

const byIdentity = memoOn(
  (resources: readonly Resource[]): ReadonlyMap<string, Resource> =>
    new Map(resources.map((it) => [identity(displayName(it), it.labels[label.namespace] ?? "", it.labels[label.zone] ?? ""), it])),
);

const byLabels = memoOnBoth((resources: readonly Resource[], labels: Readonly<Record<string, string>>): readonly Resource[] => {
  const wanted = Object.entries(labels);
  return resources.filter((resource) => wanted.every(([key, value]) => labelOf(resource, key) === value));
});

const labelOf = (resource: Resource, key: string): string | undefined => (key === label.displayName ? displayName(resource) : resource.labels[key]);

/** `backend_ns_svc_80` is how MeshService references named a Kubernetes service before there were MeshService resources. */
function byKubernetesName(candidates: readonly Resource[], ref: TargetRef): readonly Resolved[] {
  const [, name, namespace, port] = /^(.+)_([^_]+)_svc_(\d+)$/.exec(ref.name ?? "") ?? [];
  if (ref.kind !== "MeshService" || !name || !namespace || !port) return [];
  const services = candidates.filter((it) => displayName(it) === name && it.labels[label.namespace] === namespace);
  return services.flatMap((resource) => {
    const found = portsOf(resource).find((it) => it.port === Number(port));
    return found ? [{ resource, section: sectionOf(found) }] : [];
  });
}

function narrow(resources: readonly Resource[], sectionName: string | undefined): readonly Resolved[] {
  if (!sectionName) return resources.map((resource) => ({ resource, section: "" }));
  return resources.flatMap((resource) => (portsOf(resource).some((port) => sectionOf(port) === sectionName) ? [{ resource, section: sectionName }] : []));
}

interface Port {
  readonly name?: string | undefined;
  readonly port: number;
}

export const sectionOf = (port: Port): string => port.name || String(port.port);

/** Ports of MeshService and MeshMultiZoneService; other kinds have no sections. */
function portsOf({ spec }: Resource): readonly Port[] {
  if (typeof spec !== "object" || spec === null || !("ports" in spec) || !Array.isArray(spec.ports)) return [];
  return spec.ports.filter((it): it is Port => typeof it === "object" && it !== null && "port" in it && typeof it.port === "number");
}
