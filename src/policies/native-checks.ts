// Kinds that carry Envoy resources as text: what they carry is checked when it is written. Apart from the kinds, so that kumactl needs nothing of Envoy.
import { nativeViolations, typedNativeViolations } from "#envoy";
import type { ProxyTemplate } from "#gen/kuma/mesh/v1alpha1/older_policies_pb.js";
import type { Kind, Resource, Violation } from "#resources";
import type { MeshProxyPatchSpec } from "./mesh-proxy-patch/kind.ts";

const carried = new Map<string, (spec: unknown) => readonly Violation[]>([
  ["MeshProxyPatch", (spec) => ofPatch(spec as MeshProxyPatchSpec)],
  ["ProxyTemplate", (spec) => ofTemplate(spec as ProxyTemplate)],
]);

/** The same kind, or one that also refuses what is no Envoy resource. */
export function withNativeChecks(kind: Kind): Kind {
  const look = carried.get(kind.name);
  if (!look) return kind;
  const validate = (spec: unknown, resource: Resource) => inOrder([...(kind.validate?.(spec as never, resource as never) ?? []), ...look(spec)]);
  return { ...kind, validate } as Kind;
}

interface Change {
  readonly operation: string;
  readonly value?: string | undefined;
  readonly jsonPatches?: readonly unknown[] | undefined;
}

/** What is added must be whole, what is merged into others need not be; JSON patches are applied to what is there. */
function ofChange(field: string, subject: string, { operation, value, jsonPatches }: Change): readonly Violation[] {
  const [isWhole, isPart] = [/^add/i.test(operation), /^patch$/i.test(operation)];
  if (value === undefined || jsonPatches?.length || (!isWhole && !isPart)) return [];
  return nativeViolations(`${field}.${subject}.value`, subject, value, { isWhole });
}

const ofPatch = ({ default: { appendModifications = [] } }: MeshProxyPatchSpec): readonly Violation[] =>
  appendModifications.flatMap((modification, at) => {
    const changes = Object.entries(modification).flatMap(([subject, change]): [string, Change][] => (change ? [[subject, change]] : []));
    return changes.length === 1 ? changes.flatMap(([subject, change]) => ofChange(`spec.default.appendModifications[${at}]`, subject, change)) : [];
  });

const ofTemplate = ({ conf }: ProxyTemplate): readonly Violation[] => [
  ...(conf?.resources ?? []).flatMap(({ resource }, at) => (resource === "" ? [] : typedNativeViolations(`conf.resources[${at}].resource`, resource))),
  ...(conf?.modifications ?? []).flatMap(({ type }, at) => (type.case === undefined ? [] : ofChange(`conf.modifications[${at}]`, type.case, type.value))),
];

/** Item by item, as a reader of the document would find them. */
function inOrder(violations: readonly Violation[]): readonly Violation[] {
  const place = ({ field }: Violation): readonly [list: number, item: number] => {
    const [, list, item] = /\b(resources|modifications|appendModifications)\[(\d+)\]/.exec(field) ?? [];
    return [list === undefined ? 0 : list === "resources" ? 1 : 2, Number(item ?? 0)];
  };
  return violations.toSorted((a, b) => {
    const [[listA, itemA], [listB, itemB]] = [place(a), place(b)];
    return listA - listB || itemA - itemB;
  });
}
