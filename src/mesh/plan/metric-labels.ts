// Labels of a proxy for metrics: one per tag, and one more with all values of that tag.
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Resource } from "#resources";

/** `version` with its first value, `versions` with all of them as `,v1,v2,`: a pattern can look for `,v1,`. */
export function metricLabels(dataplane: Resource<Dataplane>): Readonly<Record<string, string>> {
  const networking = dataplane.spec.networking;
  const values = new Map<string, Set<string>>();
  for (const tags of [...(networking?.inbound ?? []).map((it) => it.tags), networking?.gateway?.tags ?? {}]) {
    for (const [tag, value] of Object.entries(tags)) values.set(tag, (values.get(tag) ?? new Set()).add(value));
  }
  const labels: Record<string, string> = {};
  for (const [tag, its] of values) {
    const sorted = [...its].toSorted();
    const name = tag.replace(/[^A-Za-z0-9_]/g, "_");
    labels[name] = sorted[0] ?? "";
    labels[`${name}s`] = `,${sorted.join(",")},`;
  }
  return labels;
}
