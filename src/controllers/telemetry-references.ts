// Which policies send to which MeshOpenTelemetryBackend, and which references lead nowhere: conditions in the status of both.
import { isDeepStrictEqual } from "node:util";
import { referredBackend, type CollectorRef } from "#mesh";
import type { Part } from "#platform";
import { isObject, type Resource, type Unstored } from "#resources";
import type { Condition, MeshOpenTelemetryBackend } from "#resources/kinds";
import { byMesh, react, type ControllerParts, type Decision, type Write } from "./reaction.ts";

const policyKinds = ["MeshAccessLog", "MeshMetric", "MeshTrace"] as const;
const backendKind = "MeshOpenTelemetryBackend";

/** Runs on the leader of a zone. */
export function keepTelemetryReferences(parts: ControllerParts): Part {
  const { store } = parts;
  const changesReferences = (previous: Resource | undefined, current: Resource | undefined) => !isDeepStrictEqual([previous?.labels, previous?.spec, previous?.status], [current?.labels, current?.spec, current?.status]);
  return react({
    ...parts,
    name: "telemetry-references",
    gapMs: 100,
    ...byMesh(store, [...policyKinds, backendKind], [], ({ previous, current }) => changesReferences(previous, current)),
    decide: (mesh) => decideTelemetryReferences(store.list(backendKind, { mesh }) as readonly MeshOpenTelemetryBackend[], policyKinds.flatMap((kind) => store.list(kind, { mesh }))),
  });
}

export function decideTelemetryReferences(backends: readonly MeshOpenTelemetryBackend[], policies: readonly Resource[]): Decision {
  const counts = new Map<string, number>();
  const ofPolicies = policies.flatMap((policy) => {
    const references = referencesOf(policy);
    const unresolved = new Set<string>();
    for (const reference of references) {
      const found = referredBackend(backends, reference);
      if (found) counts.set(found.name, (counts.get(found.name) ?? 0) + 1);
      else unresolved.add(textOf(reference));
    }
    return conditionWrite(policy, resolved(references.length > 0, [...unresolved].toSorted()));
  });
  return { writes: [...ofPolicies, ...backends.flatMap((it) => conditionWrite(it, referenced(counts.get(it.name) ?? 0)))], nextAt: Infinity };
}

function resolved(refers: boolean, unresolved: readonly string[]): Condition {
  const type = "BackendRefsResolved";
  if (unresolved.length > 0) return { type, status: "False", reason: "UnresolvedBackendRefs", message: `Unresolved MeshOpenTelemetryBackend references: ${unresolved.join(", ")}` };
  return { type, status: "True", reason: "AllBackendRefsResolved", message: refers ? "All MeshOpenTelemetryBackend references are resolved" : "No MeshOpenTelemetryBackend references configured" };
}

function referenced(count: number): Condition {
  const type = "ReferencedByPolicies";
  if (count === 0) return { type, status: "False", reason: "NotReferenced", message: "Not referenced by any observability policy" };
  return { type, status: "True", reason: "Referenced", message: `Referenced by ${count} policy backend(s)` };
}

const textOf = ({ labels = {} }: CollectorRef): string => `labels:${Object.entries(labels).map(([key, value]) => `${key}=${value}`).toSorted().join(",")}`;

/** Of all backends that a policy names, in any of its parts. */
function referencesOf({ spec }: Resource): readonly CollectorRef[] {
  if (!isObject(spec)) return [];
  const items = [spec["to"], spec["from"], spec["rules"]].flatMap((it): unknown[] => (Array.isArray(it) ? it : []));
  return [spec, ...items].flatMap((it) => (isObject(it) && isObject(it["default"]) && Array.isArray(it["default"]["backends"]) ? it["default"]["backends"] : [])).flatMap(referenceOf);
}

function referenceOf(backend: unknown): readonly CollectorRef[] {
  const conf = isObject(backend) ? backend["openTelemetry"] : undefined;
  const reference = isObject(conf) ? conf["backendRef"] : undefined;
  return isObject(reference) ? [{ labels: isObject(reference["labels"]) ? (reference["labels"] as Readonly<Record<string, string>>) : {} }] : [];
}

function conditionWrite(resource: Resource, condition: Condition): readonly Write[] {
  const next = (current: Resource): Unstored | undefined => {
    const conditions = isObject(current.status) && Array.isArray(current.status["conditions"]) ? (current.status["conditions"] as readonly Condition[]) : [];
    const changed = [...conditions.filter((it) => it.type !== condition.type), condition];
    return isDeepStrictEqual(changed, conditions) ? undefined : { ...current, status: { ...(isObject(current.status) ? current.status : {}), conditions: changed } };
  };
  return next(resource) ? [{ is: "update", key: { type: resource.type, mesh: resource.mesh, name: resource.name }, change: (current) => current && next(current) }] : [];
}
