// Merging the confs of rules: the kind's own merge, or one merged conf.
import { mergeConfs, type Kind } from "#resources";

/** Confs in ascending precedence become one (or, for routes, one per hostname). */
export function mergeByKind(kind: Kind, confs: readonly unknown[]): readonly unknown[] {
  if (confs.length === 0) return [];
  return kind.shape === "spec" && kind.merge ? kind.merge(confs) : [mergeConfs(confs)];
}

/** Without duplicates, in order of first appearance. */
export const distinct = <T>(items: readonly T[]): readonly T[] => [...new Set(items)];
