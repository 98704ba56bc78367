// A targetRef policy, declared once: names, paths, KDS scope and traits follow from its name and a few facts (spec/api.md 1.1, 1.10).
import type { z } from "zod";
import type { Violation } from "./failure.ts";
import { defineKind, type SpecKind } from "./kind.ts";
import { label, type Resource } from "./resource.ts";
import type { TargetRef, TargetRefKind } from "./target-ref.ts";

/** What every policy's spec has in common; the sections are checked by each policy's schema. */
export interface PolicySpec {
  readonly targetRef?: TargetRef | undefined;
  readonly to?: readonly PolicyItem[] | undefined;
  readonly from?: readonly PolicyItem[] | undefined;
  readonly rules?: readonly unknown[] | undefined;
}

/** An entry of `to` or `from`: what it is about, and the conf in `default` (routes put theirs beside the reference). */
export interface PolicyItem {
  readonly targetRef: TargetRef;
  readonly default?: unknown;
}

export interface PolicyDeclaration<S, T> {
  readonly name: string;
  readonly shortName: string;
  readonly order: number;
  /** Which of the three sections exist; none means a single `default`. */
  readonly sections: readonly ("to" | "from" | "rules")[];
  readonly isFromAsRules?: boolean;
  readonly coversOutbounds?: boolean;
  readonly spec: z.ZodType<S>;
  readonly status?: z.ZodType<T>;
  readonly validate?: (spec: S, resource: Resource<S, T>) => readonly Violation[];
  /** The policy's own warnings come after that about its top-level reference instead of before. */
  readonly warnsOfTargetFirst?: boolean;
  /** The policy's own warnings. */
  readonly deprecations?: (resource: Resource<S, T>) => readonly string[];
  /** The conf of a `to` item that has no `default`. */
  readonly confOf?: (item: unknown) => unknown;
  readonly merge?: (confs: readonly unknown[]) => readonly unknown[];
}

export function definePolicyKind<S extends PolicySpec, T = undefined>(policy: PolicyDeclaration<S, T>): SpecKind<S, T> {
  const { name, shortName, order, sections, isFromAsRules, coversOutbounds, confOf, deprecations, warnsOfTargetFirst, ...rest } = policy;
  const plural = pluralOf(name);
  return defineKind<S, T>({
    ...rest,
    name,
    shortName,
    scope: "Mesh",
    path: plural.toLowerCase(),
    singular: name.toLowerCase(),
    plural: plural.toLowerCase(),
    displayName: inWords(name),
    displayNamePlural: pluralOf(inWords(name)),
    kds: { globalToZones: true, zoneToGlobal: true, zoneToZone: true },
    isPolicy: true,
    legacyInspection: true,
    policy: {
      isTargetRef: true,
      hasTo: sections.includes("to"),
      hasFrom: sections.includes("from"),
      hasRules: sections.includes("rules"),
      isFromAsRules: isFromAsRules ?? false,
      order,
      ...(coversOutbounds ? { coversOutbounds } : {}),
      ...(confOf ? { confOf } : {}),
    },
    deprecations: (resource) => {
      const [own, top] = [deprecations?.(resource) ?? [], topDeprecations(resource.spec.targetRef)];
      return warnsOfTargetFirst ? [...top, ...own] : [...own, ...top];
    },
  });
}

/** MeshRetry -> MeshRetries, MeshTLS -> MeshTLSes, MeshProxyPatch -> MeshProxyPatches. */
function pluralOf(name: string): string {
  if (name.endsWith("y")) return `${name.slice(0, -1)}ies`;
  return /(s|S|ch)$/.test(name) ? `${name}es` : `${name}s`;
}

const inWords = (name: string): string => name.replaceAll(/([a-z])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, (_, lower = "", upper = "", acronym = "") => (acronym ? `${acronym} ` : `${lower} ${upper}`));

function topDeprecations(ref: TargetRef | undefined): readonly string[] {
  if (ref?.kind === "MeshHTTPRoute") return ["MeshHTTPRoute value for 'targetRef.kind' is deprecated, use MeshHTTPRoute in spec.to[].targetRef"];
  if (ref?.kind !== "MeshSubset" && ref?.kind !== "MeshService" && ref?.kind !== "MeshServiceSubset") return [];
  return [`${ref.kind} value for 'targetRef.kind' is deprecated, use Dataplane with labels instead`];
}

/** The warning of policies whose `from` gave way to `rules`. */
export function fromDeprecation(resource: { readonly spec: PolicySpec }): readonly string[] {
  return resource.spec.from?.length ? ["'from' field is deprecated, use 'rules' instead"] : [];
}

const sidecarKinds: readonly TargetRefKind[] = ["Mesh", "MeshSubset", "Dataplane", "MeshService", "MeshServiceSubset"];

export interface TopKinds {
  /** MeshGateway is allowed: never, in policies of the system role, or always. */
  readonly gateway: "never" | "system" | "always";
  readonly route?: boolean;
}

/** Kinds allowed as top-level reference; a policy of a namespace role (Kubernetes) may do less. */
export function topKinds(resource: Resource, allowed: TopKinds): readonly TargetRefKind[] {
  const role = resource.labels[label.policyRole];
  const isSystem = role === undefined || role === "system";
  return [
    ...sidecarKinds,
    ...(allowed.gateway === "always" || (allowed.gateway === "system" && isSystem) ? (["MeshGateway"] as const) : []),
    ...(allowed.route && isSystem ? (["MeshHTTPRoute"] as const) : []),
  ];
}
