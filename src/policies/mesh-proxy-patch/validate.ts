// What a MeshProxyPatch must satisfy beyond its schema (spec/api.md 1.11). Whether a value is an Envoy resource is found in ../native-checks.ts.
import { eachItem, topKinds, validateTargetRef, violation, type Resource, type Violation } from "#resources";
import type { MeshProxyPatchSpec, ProxyModification } from "./kind.ts";

const subjects = ["cluster", "listener", "networkFilter", "httpFilter", "virtualHost"] as const;
type Subject = (typeof subjects)[number];
type Change = NonNullable<ProxyModification[Subject]>;

export function validateMeshProxyPatch(spec: MeshProxyPatchSpec, resource: Resource): Violation[] {
  const field = "spec.default.appendModifications";
  const modifications = spec.default.appendModifications;
  return [
    ...validateTargetRef("spec.targetRef", spec.targetRef, { kinds: topKinds(resource, { gateway: "system" }) }),
    ...(modifications?.length ? eachItem(field, modifications, validateModification) : [violation(field, "must not be empty")]),
  ];
}

function validateModification(path: string, modification: ProxyModification): Violation[] {
  const present = subjects.filter((subject) => modification[subject]);
  if (present.length !== 1) return [violation(path, `exactly one modification can be defined at a time. Currently, ${present.length} modifications are defined`)];
  return present.flatMap((subject) => {
    const change = modification[subject];
    return change ? validateChange(`${path}.${subject}`, subject, change) : [];
  });
}

function validateChange(path: string, subject: Subject, change: Change): Violation[] {
  switch (change.operation) {
    case "Add":
      return [...validateAddMatch(path, subject, change), ...validateValue(path, change)];
    case "Remove":
      return change.value === undefined ? [] : [violation(`${path}.value`, "must not be defined")];
    case "Patch":
      return [...validatePatchedName(path, subject, change), ...validatePatch(path, subject, change)];
    case "AddBefore":
    case "AddAfter": {
      const side = change.operation === "AddBefore" ? "before" : "after";
      const message = `must be defined. You need to pick a filter ${side} which this one will be added`;
      return [...(change.match?.name ? [] : [violation(`${path}.match.name`, message)]), ...validateValue(path, change)];
    }
    default:
      return validateValue(path, change);
  }
}

const validateValue = (path: string, change: Change): Violation[] => (change.value === undefined ? [violation(`${path}.value`, "must be defined")] : []);

function validateAddMatch(path: string, subject: Subject, { match }: Change): Violation[] {
  if (!match) return [];
  // A virtual host is added to a route configuration, so only its own name makes no sense.
  if (subject === "virtualHost") return match.name === undefined ? [] : [violation(`${path}.match.name`, "must not be defined")];
  return [violation(`${path}.match`, "must not be defined")];
}

/** A filter is patched by name; there is nothing to patch in all of them at once. */
const validatePatchedName = (path: string, subject: Subject, { match }: Change): Violation[] =>
  (subject === "httpFilter" || subject === "networkFilter") && !match?.name ? [violation(`${path}.match.name`, "must be defined")] : [];

function validatePatch(path: string, subject: Subject, { value, jsonPatches }: Change): Violation[] {
  const hasPatches = Boolean(jsonPatches?.length);
  if (value !== undefined && hasPatches) return [violation(path, `${subject} must have only one type defined: value, jsonPatches`)];
  if (value === undefined && !hasPatches) return [violation(path, `${subject} must have exactly one defined: value, jsonPatches`)];
  return (jsonPatches ?? []).flatMap((it, at) => validateJsonPatch(`${path}.jsonPatches[${at}]`, it));
}

/** What an operation needs, and what it has no use for. */
function validateJsonPatch(path: string, { op, value, from }: NonNullable<Change["jsonPatches"]>[number]): Violation[] {
  const check = (field: "value" | "from", isGiven: boolean, operations: readonly string[]): Violation[] => {
    if (operations.includes(op) === isGiven) return [];
    const named = `"op" is one of [${operations.map((it) => `"${it}"`).join(", ")}]`;
    return [violation(`${path}.${field}`, isGiven ? `"${field}" is allowed only when ${named}` : `"${field}" must not be empty when ${named}`)];
  };
  return [...check("value", value !== undefined, ["add", "replace"]), ...check("from", from !== undefined, ["move", "copy"])];
}
