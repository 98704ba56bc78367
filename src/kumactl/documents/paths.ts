// Where a resource lives below the API's root.
import type { KindNames } from "../kind-names.ts";

/** `/meshes/default/dataplanes`, or `/zones`. */
export const collectionPath = (kind: Pick<KindNames, "scope" | "path">, mesh: string): string =>
  kind.scope === "Global" ? `/${kind.path}` : `/meshes/${encodeURIComponent(mesh)}/${kind.path}`;

export const itemPath = (kind: Pick<KindNames, "scope" | "path">, mesh: string, name: string): string => `${collectionPath(kind, mesh)}/${encodeURIComponent(name)}`;

/** `?a=b&c=d`, or nothing; keys are sorted, as the control plane's own links have them. */
export function query(parameters: readonly (readonly [string, string])[]): string {
  if (parameters.length === 0) return "";
  return `?${parameters.toSorted(([a], [b]) => (a === b ? 0 : a < b ? -1 : 1)).map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join("&")}`;
}
