// KRI, the Kuma resource identifier: kri_<short>_<mesh>_<zone>_<namespace>_<displayName>_<section> (spec/api.md 1.5).
import { badRequest } from "./failure.ts";
import type { Kind, Kinds } from "./kind.ts";
import { displayName, label, type Resource } from "./resource.ts";

export interface Kri {
  readonly shortName: string;
  readonly mesh: string;
  readonly zone: string;
  readonly namespace: string;
  readonly name: string;
  /** Port or inbound name; empty for the whole resource. */
  readonly section: string;
}

export const formatKri = (kri: Kri): string => `kri_${kri.shortName}_${kri.mesh}_${kri.zone}_${kri.namespace}_${kri.name}_${kri.section}`;

/** The identifier of a resource; undefined for kinds without a short name. */
export function kriOf(kind: Kind, resource: Resource, section = ""): Kri | undefined {
  if (!kind.shortName) return undefined;
  return {
    shortName: kind.shortName,
    mesh: resource.mesh,
    zone: resource.labels[label.zone] ?? "",
    namespace: resource.labels[label.namespace] ?? "",
    name: displayName(resource),
    section,
  };
}

/** Parses an identifier; a KumaError names what is wrong. */
export function parseKri(text: string, kinds: Kinds): Kri {
  const parts = text.split("_");
  if (parts.length < 7) throw badRequest(`invalid identifier string: "${text}"`);
  const [prefix = "", shortName = "", mesh = "", zone = "", namespace = "", name = "", ...section] = parts;
  if (prefix !== "kri") throw badRequest(`identifier must start with 'kri': "${text}"`);
  if (!kinds.byShortName(shortName)) throw badRequest(`unknown short name of resource type: "${shortName}"`);
  return { shortName, mesh, zone, namespace, name, section: section.join("") };
}
