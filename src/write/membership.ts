// Which dataplanes a mesh takes: requirements and restrictions on their tags (spec/security.md 10.1).
import type { Dataplane } from "#gen/kuma/mesh/v1alpha1/dataplane_pb.js";
import type { Mesh } from "#gen/kuma/mesh/v1alpha1/mesh_pb.js";
import { violation, type Violation } from "#resources";

type Tags = Readonly<Record<string, string>>;

export function validateMembership(mesh: string, { constraints }: Mesh, { networking }: Dataplane): readonly Violation[] {
  const { requirements = [], restrictions = [] } = constraints?.dataplaneProxy ?? {};
  const found: Tags[] = [...(networking?.inbound.map((it) => it.tags) ?? []), ...(networking?.gateway ? [networking.gateway.tags] : [])];
  // Who has no tags at all fulfils nothing.
  const sets = found.length > 0 ? found : [{}];
  return sets.flatMap((tags) => {
    const whose = `dataplane cannot be a member of mesh "${mesh}" because its tags "${tagsText(tags)}"`;
    const isRequired = requirements.length > 0 && !requirements.some((rule) => fulfils(tags, rule.tags));
    const isRestricted = restrictions.some((rule) => fulfils(tags, rule.tags));
    return [
      ...(isRequired ? [violation("networking", `${whose} does not fulfill any requirements defined on the Mesh`)] : []),
      ...(isRestricted ? [violation("networking", `${whose} matches restricted tags defined on the Mesh`)] : []),
    ];
  });
}

/** `*` asks for any value that is not empty. */
const fulfils = (tags: Tags, rule: Tags): boolean => Object.entries(rule).every(([key, value]) => (value === "*" ? Boolean(tags[key]) : tags[key] === value));

const tagsText = (tags: Tags): string => Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`).join(" ");
