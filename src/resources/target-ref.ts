// targetRef: how a policy names what it applies to, and which fields each kind of reference may carry (spec/api.md 1.10).
import { z } from "zod";
import { violation, type Violation } from "./failure.ts";
import { uint32Field, wholeNumber } from "./policy-schema.ts";

/** In ascending order of precedence: a policy of a later kind wins over one of an earlier kind. */
export const targetRefKinds = [
  "Mesh", "Dataplane", "MeshSubset", "MeshGateway", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshServiceSubset", "MeshHTTPRoute",
] as const;
export type TargetRefKind = (typeof targetRefKinds)[number];

// The order in which the reference lists them in its error text.
const kindField = z.enum([
  "Mesh", "MeshSubset", "MeshGateway", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshServiceSubset", "MeshHTTPRoute", "Dataplane",
]);
const textMap = z.record(z.string(), z.string());

export const targetRef = z.object({
  kind: kindField,
  name: z.string().optional(),
  tags: textMap.optional(),
  mesh: z.string().optional(),
  proxyTypes: z.array(z.enum(["Sidecar", "Gateway"])).optional(),
  namespace: z.string().optional(),
  labels: textMap.optional(),
  sectionName: z.string().optional(),
});
export type TargetRef = z.infer<typeof targetRef>;

export const backendRef = targetRef.extend({
  weight: wholeNumber.min(0).default(1),
  port: uint32Field.optional(),
});
export type BackendRef = z.infer<typeof backendRef>;

/** An absent top-level reference selects the whole mesh. */
export const wholeMesh: TargetRef = Object.freeze({ kind: "Mesh" });

export interface TargetRefRules {
  readonly kinds: readonly TargetRefKind[];
  /** MeshGateway may carry listener tags. */
  readonly gatewayTags?: boolean;
  /** The policy affects inbounds, so a Dataplane may be narrowed to one section. */
  readonly isInbound?: boolean;
  /** A name that is allowed although its characters are not. */
  readonly reservedName?: string;
}

type Field = "name" | "mesh" | "tags" | "proxyTypes" | "labels" | "namespace" | "sectionName";

/** Which fields a kind refuses, in the order in which they are reported. */
const refused: Readonly<Record<TargetRefKind, readonly Field[]>> = {
  Mesh: ["mesh", "tags", "labels", "namespace", "sectionName"],
  Dataplane: ["tags", "mesh", "proxyTypes"],
  MeshSubset: ["name", "mesh", "labels", "namespace", "sectionName"],
  MeshService: ["mesh", "tags", "proxyTypes"],
  MeshServiceSubset: ["mesh", "proxyTypes", "labels", "namespace", "sectionName"],
  MeshGateway: ["mesh", "proxyTypes", "labels", "namespace", "sectionName"],
  MeshExternalService: ["mesh", "tags", "proxyTypes"],
  MeshMultiZoneService: [],
  MeshHTTPRoute: ["mesh", "tags", "proxyTypes", "sectionName"],
};

/** Checks a reference against what its kind may carry; `path` is e.g. `spec.targetRef`. An absent reference is fine. */
export function validateTargetRef(path: string, ref: TargetRef | undefined, rules: TargetRefRules): Violation[] {
  if (!ref) return [];
  if (!rules.kinds.includes(ref.kind)) return [violation(`${path}.kind`, `value '${ref.kind}' is not supported`)];
  return [...nameViolations(path, ref, rules), ...refusedViolations(path, ref, rules), ...identityViolations(path, ref, rules)];
}

function nameViolations(path: string, ref: TargetRef, rules: TargetRefRules): Violation[] {
  const field = `${path}.name`;
  if (ref.kind === "Mesh") return ref.name ? [violation(field, "using name with kind Mesh is not yet supported")] : [];
  if (ref.kind === "MeshServiceSubset" || ref.kind === "MeshGateway") {
    if (!ref.name) return [violation(field, `must be set when kind is ${ref.kind}`)];
    return nameCharacters(field, ref.name, rules);
  }
  const isChecked = ref.kind === "MeshService" || ref.kind === "MeshExternalService" || ref.kind === "MeshHTTPRoute";
  return isChecked && ref.name ? nameCharacters(field, ref.name, rules) : [];
}

function nameCharacters(field: string, name: string, rules: TargetRefRules): Violation[] {
  if (name === rules.reservedName || /^[0-9a-z.\-_]*$/.test(name)) return [];
  return [violation(field, "invalid characters: must consist of lower case alphanumeric characters, '-', '.' and '_'.")];
}

function refusedViolations(path: string, ref: TargetRef, rules: TargetRefRules): Violation[] {
  const found: Violation[] = [];
  const fields: readonly Field[] = ref.kind === "MeshGateway" && !rules.gatewayTags ? ["mesh", "tags", ...refused.MeshGateway.slice(1)] : refused[ref.kind];
  for (const field of fields) {
    if (isSet(ref[field])) found.push(violation(`${path}.${field}`, `must not be set with kind ${ref.kind}`));
    if (field === "mesh" && mayCarryTags(ref.kind, rules)) found.push(...tagViolations(`${path}.tags`, ref));
  }
  if ((ref.kind === "Mesh" || ref.kind === "MeshSubset") && ref.proxyTypes?.length === 0) {
    found.push(violation(`${path}.proxyTypes`, "must be undefined or have at least one element"));
  }
  return found;
}

const mayCarryTags = (kind: TargetRefKind, rules: TargetRefRules): boolean =>
  kind === "MeshSubset" || kind === "MeshServiceSubset" || (kind === "MeshGateway" && rules.gatewayTags === true);

/** A subset of the mesh is named by plain values; what selects by tags takes `*` and slashes as well. */
function tagViolations(path: string, { kind, tags = {} }: TargetRef): Violation[] {
  const found: Violation[] = [];
  const isPlain = kind === "MeshSubset";
  const isValue = (value: string) => (isPlain ? /^[a-zA-Z0-9.\-_:]*$/.test(value) : value === "*" || /^[a-zA-Z0-9.\-_:/]*$/.test(value));
  for (const [key, value] of Object.entries(tags).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const field = `${path}["${key}"]`;
    if (!key) found.push(violation(path, "tag name must be non-empty"));
    else if (!/^[a-zA-Z0-9.\-_:/]*$/.test(key)) found.push(violation(field, "tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores"));
    if (!value) found.push(violation(field, "tag value must be non-empty"));
    else if (!isValue(value)) found.push(violation(field, isPlain ? "tag value must consist of alphanumeric characters, dots, dashes and underscores" : 'tag value must consist of alphanumeric characters, dots, dashes, slashes and underscores or be "*"'));
  }
  return found;
}

/** By name or by labels, not both; a section only where it means something. */
function identityViolations(path: string, ref: TargetRef, rules: TargetRefRules): Violation[] {
  const hasLabels = isSet(ref.labels);
  const found: Violation[] = [];
  if (ref.kind === "MeshService" || ref.kind === "MeshHTTPRoute" || ref.kind === "MeshExternalService") {
    if (!ref.name && !hasLabels) found.push(violation(path, `name or labels must be set when kind is ${ref.kind}`));
  }
  if (ref.kind === "MeshExternalService") {
    if (hasLabels && ref.name) found.push(violation(`${path}.labels`, "either labels or name must be specified"));
    if (ref.sectionName) found.push(violation(`${path}.sectionName`, "must not be set with kind MeshExternalService"));
  }
  const isNamespaced = ref.kind === "Dataplane" || ref.kind === "MeshService" || ref.kind === "MeshHTTPRoute";
  if (isNamespaced && hasLabels && (ref.name || ref.namespace)) {
    found.push(violation(`${path}.labels`, "either labels or name and namespace must be specified"));
  }
  if (ref.kind === "Dataplane" && ref.sectionName && !rules.isInbound) {
    found.push(violation(`${path}.sectionName`, "can only be used with inbound policies"));
  }
  return found;
}

function isSet(value: string | readonly unknown[] | object | undefined): boolean {
  if (value === undefined) return false;
  if (typeof value === "string" || Array.isArray(value)) return value.length > 0;
  return Object.keys(value).length > 0;
}

/** Backends of a route: services, a port where the service has no single one. */
export function validateBackendRefs(path: string, refs: readonly BackendRef[]): Violation[] {
  const kinds: readonly TargetRefKind[] = ["MeshService", "MeshServiceSubset", "MeshExternalService", "MeshMultiZoneService"];
  return refs.flatMap((ref, index) => {
    const field = `${path}[${index}]`;
    const isPortMissing = ref.kind === "MeshMultiZoneService" && ref.port === undefined;
    return [
      ...validateTargetRef(field, ref, { kinds, reservedName: "kuma.io/unresolved-backend" }),
      ...(isPortMissing ? [violation(`${field}.port`, "must be defined with kind MeshMultiZoneService")] : []),
    ];
  });
}

/** True when gateways are among the proxies the reference selects. */
export function includesGateways(ref: TargetRef = wholeMesh): boolean {
  if (ref.kind === "MeshGateway" || ref.kind === "MeshHTTPRoute") return true;
  if (ref.kind !== "Mesh" && ref.kind !== "MeshSubset") return false;
  return !ref.proxyTypes?.length || ref.proxyTypes.includes("Gateway");
}
