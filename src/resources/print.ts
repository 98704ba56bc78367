// From a resource to the documents that clients read: Kuma's own form and the Kubernetes object (spec/api.md 1.2, 2.5).
import type { Message } from "@bufbuild/protobuf";
import { writeFlat } from "./flat-json.ts";
import type { Kind } from "./kind.ts";
import { formatKri, kriOf } from "./kri.ts";
import { label, type Labels, type Resource } from "./resource.ts";
import { snisOf } from "./sni.ts";

export type Json = Readonly<Record<string, unknown>>;

/** The document of a resource, its fields in the order of the reference. */
export function printResource(kind: Kind, resource: Resource): Json {
  const meta = printMeta(kind, resource, kind.name);
  if (kind.shape === "flat") return { ...meta, ...printFields(kind, resource) };
  const snis = snisOf(kind, resource);
  return { ...meta, ...(snis ? { snis } : {}), ...printFields(kind, resource) };
}

/** type, mesh, name, times, labels, kri: what every document and every overview begins with. */
export function printMeta(kind: Kind, resource: Resource, type: string): Json {
  const kri = kriOf(kind, resource);
  return {
    type,
    ...(resource.mesh ? { mesh: resource.mesh } : {}),
    name: resource.name,
    creationTime: printTime(resource.creationTime),
    modificationTime: printTime(resource.modificationTime),
    ...(Object.keys(resource.labels).length > 0 ? { labels: sortedLabels(resource.labels) } : {}),
    ...(kri ? { kri: formatKri(kri) } : {}),
  };
}

/** The spec (and status) alone: flat fields, or `spec` and `status`. */
export function printFields(kind: Kind, resource: Resource): Json {
  if (kind.shape === "flat") return printSpec(kind, resource);
  return { spec: resource.spec, ...(kind.status ? { status: printStatus(kind, resource) } : {}) };
}

/** The spec as JSON. */
export function printSpec(kind: Kind, resource: Resource): Json {
  return kind.shape === "flat" ? writeFlat(kind.message, resource.spec as Message) : (resource.spec as Json);
}

/** Never absent for kinds that have one: their schema says what an empty status shows. */
function printStatus(kind: Kind, resource: Resource): unknown {
  if (kind.shape === "flat" || !kind.status) return undefined;
  const completed = kind.status.safeParse(resource.status ?? {});
  return completed.success ? completed.data : (resource.status ?? {});
}

/** RFC 3339 the way Go prints it; 0 is Go's zero time. */
export function printTime(ms: number): string {
  if (ms === 0) return "0001-01-01T00:00:00Z";
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}

const sortedLabels = (labels: Labels): Labels => Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** The Kubernetes object of a resource that lives in `namespace` (ignored for cluster-scoped kinds). */
export function printKubernetes(kind: Kind, resource: Resource, namespace: string): Json {
  const metadata = {
    name: resource.name,
    ...(kind.isClusterScoped ? {} : { namespace }),
    creationTimestamp: printTime(resource.creationTime - (resource.creationTime % 1000)),
  };
  const meshLabel = resource.mesh ? { labels: { [label.mesh]: resource.mesh } } : {};
  if (kind.kubernetesSecretType) {
    const { data = null } = printSpec(kind, resource);
    return { kind: "Secret", apiVersion: "v1", metadata: { ...metadata, ...meshLabel }, data: { value: data }, type: kind.kubernetesSecretType };
  }
  if (kind.shape === "flat") {
    return { kind: kind.name, apiVersion: "kuma.io/v1alpha1", metadata, ...(resource.mesh ? { mesh: resource.mesh } : {}), spec: printSpec(kind, resource) };
  }
  return { kind: kind.name, apiVersion: "kuma.io/v1alpha1", metadata: { ...metadata, ...meshLabel }, ...printFields(kind, resource) };
}
