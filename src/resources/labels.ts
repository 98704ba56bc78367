// Labels: what this control plane adds to a resource, and what it refuses (spec/api.md 1.4).
import { violation, type Violation } from "./failure.ts";
import { isProvidedByZone, type Kind } from "./kind.ts";
import { label, type Labels, type Place, type Resource } from "./resource.ts";
import { isSubdomain, subdomainText } from "./names.ts";

type Labelled = Pick<Resource, "labels" | "mesh" | "spec">;

/** The labels a resource is stored with when it is written here. */
export function computeLabels(kind: Kind, resource: Labelled, place: Place): Labels {
  const labels = new Map(Object.entries(resource.labels));
  const addIfAbsent = (key: string, value: string) => {
    if (!labels.has(key)) labels.set(key, value);
  };
  if (kind.scope === "Mesh") addIfAbsent(label.mesh, resource.mesh);
  if (place.mode === "zone" && isProvidedByZone(kind)) {
    addIfAbsent(label.origin, "zone");
    if (labels.get(label.origin) !== "global") {
      addIfAbsent(label.zone, place.zone);
      addIfAbsent(label.env, place.environment);
    }
  }
  for (const [key, value] of Object.entries(kind.labelsOf?.(resource.spec) ?? {})) {
    if (value === undefined) labels.delete(key);
    else labels.set(key, value);
  }
  return Object.fromEntries([...labels].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const at = (key: string): string => `labels["${key}"]`;

/** What speaks against the labels a user sent. */
export function validateLabels(kind: Kind, resource: Labelled, place: Place): readonly Violation[] {
  return [...validateOrigin(kind, resource.labels, place), ...validatePlace(kind, resource, place), ...validateSyntax(resource.labels)];
}

/** The origin rule alone: it is checked again when a stored resource is deleted. */
export function validateOrigin(kind: Kind, labels: Labels, place: Place): readonly Violation[] {
  const origin = labels[label.origin];
  if (origin !== undefined && origin !== "global" && origin !== "zone") return [violation(at(label.origin), `unknown resource origin "${origin}"`)];
  if (place.disableOriginLabelValidation) return [];
  if (place.mode === "global" && origin !== undefined && origin !== "global") return [violation(at(label.origin), "the origin label must be set to 'global'")];
  const mustSayZone = place.mode === "zone" && place.federated && kind.shape === "spec" && isProvidedByZone(kind);
  if (mustSayZone && origin !== "zone") return [violation(at(label.origin), "the origin label must be set to 'zone'")];
  return [];
}

function validatePlace(kind: Kind, resource: Labelled, place: Place): readonly Violation[] {
  if (place.mode === "global" || resource.labels[label.origin] === "global") return [];
  const { [label.zone]: zone, [label.mesh]: mesh } = resource.labels;
  return [
    ...(zone !== undefined && zone !== place.zone ? [violation(at(label.zone), `${label.zone} label should have ${place.zone} value`)] : []),
    ...(kind.scope === "Mesh" && mesh !== undefined && mesh !== resource.mesh ? [violation(at(label.mesh), `${label.mesh} label must not differ from mesh set on resource`)] : []),
  ];
}

const charactersText = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const keyExample = "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const valueExample = "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const nameSyntax = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

function validateSyntax(labels: Labels): readonly Violation[] {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([key, value]) => [...keyErrors(key), ...valueErrors(value)].map((message) => violation(at(key), message)));
}

function keyErrors(key: string): readonly string[] {
  const parts = key.split("/");
  if (parts.length > 2) return [`a valid label key ${charactersText} ${keyExample} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? (parts[0] ?? "") : undefined;
  return [
    ...(prefix === "" ? ["prefix part must be non-empty"] : prefix !== undefined && !isSubdomain(prefix) ? [`prefix part ${subdomainText}`] : []),
    ...(name === "" ? ["name part must be non-empty"] : name.length > 63 ? ["name part must be no more than 63 characters"] : []),
    ...(nameSyntax.test(name) ? [] : [`name part ${charactersText} ${keyExample}`]),
  ];
}

function valueErrors(value: string): readonly string[] {
  return [
    ...(value.length > 63 ? ["must be no more than 63 bytes"] : []),
    ...(value === "" || nameSyntax.test(value) ? [] : [`a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character ${valueExample}`]),
  ];
}

/** Where a resource comes from may be added to it later, but never changed or taken away. */
export function validateUnchanged(before: Labels, after: Labels): readonly Violation[] {
  return [label.origin, label.zone, label.displayName].flatMap((key) => {
    const was = before[key];
    const is = after[key];
    if (was === undefined || was === is) return [];
    if (is === undefined) return [violation(at(key), `is immutable, cannot be removed (was "${was}")`)];
    return [violation(at(key), `is immutable, cannot be changed from "${was}" to "${is}"`)];
  });
}
