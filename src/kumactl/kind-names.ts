// What commands must know of every kind before they load any: its names, its path, its shape. The bundle holds this list as plain data
// (tools/bundle.ts), so that `get` loads neither schemas nor protobuf messages.
import { policyKinds } from "#policies/kinds";
import { coreKinds } from "#resources/kinds";

export interface KindNames {
  readonly name: string;
  readonly scope: "Mesh" | "Global";
  readonly shape: "flat" | "spec";
  readonly path: string;
  readonly singular: string;
  readonly plural: string;
  readonly singularAlias?: string | undefined;
  readonly pluralAlias?: string | undefined;
  readonly legacyInspection?: boolean | undefined;
}

/** Kinds that have arguments, in the order of their names. */
export const kindNames: readonly KindNames[] = [...coreKinds, ...policyKinds]
  .filter((kind) => kind.singular !== "")
  .map(({ name, scope, shape, path, singular, plural, singularAlias, pluralAlias, legacyInspection }) => ({ name, scope, shape, path, singular, plural, singularAlias, pluralAlias, legacyInspection }))
  .toSorted((a, b) => (a.name < b.name ? -1 : 1));
