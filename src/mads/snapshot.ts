// What one client is answered: the assignments of all meshes it may see, as JSON with the names of the protocol, under a version that is their hash.
import { createHash } from "node:crypto";
import type { MeshView } from "#mesh";
import { defaultClient, type Assignment, type AssignmentsOf } from "./assignments.ts";

export interface Snapshot {
  readonly version: string;
  readonly assignments: readonly Assignment[];
}

export const typeUrl = "type.googleapis.com/kuma.observability.v1.MonitoringAssignment";

/** The same content has the same version on every control plane and after every restart. */
export function snapshotFor(views: readonly MeshView[], clientId: string, assignmentsOf: AssignmentsOf): Snapshot {
  const meshes = views.map(assignmentsOf);
  const isByPolicy = meshes.some((it) => it.byClient !== undefined);
  // A client id counts only if a backend names it.
  const client = meshes.some((it) => it.byClient?.has(clientId)) ? clientId : defaultClient;
  const assignments = meshes.flatMap((it) => (isByPolicy ? (it.byClient?.get(client) ?? []) : it.legacy));
  return { version: versionOf(assignments), assignments };
}

function versionOf(assignments: readonly Assignment[]): string {
  const hash = createHash("sha256").update(JSON.stringify(assignments)).digest("hex");
  return [hash.slice(0, 8), hash.slice(8, 12), hash.slice(12, 16), hash.slice(16, 20), hash.slice(20, 32)].join("-");
}

/** The answer's document; `names` selects resources such as `/meshes/default/dataplanes/web-1`, none means all. */
export function printSnapshot({ version, assignments }: Snapshot, names: readonly string[]): string {
  const wanted = new Set(names);
  const resources = assignments
    .filter((it) => wanted.size === 0 || wanted.has(`/meshes/${it.mesh}/dataplanes/${it.target.name}`))
    .map(({ mesh, service, target: { name, scheme, address, metricsPath, labels } }) => ({
      "@type": typeUrl, mesh, service,
      targets: [{ name, scheme, address, metrics_path: metricsPath, ...(Object.keys(labels).length > 0 ? { labels: sorted(labels) } : {}) }],
    }));
  return JSON.stringify({ version_info: version, ...(resources.length > 0 ? { resources } : {}), type_url: typeUrl });
}

const sorted = (labels: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
