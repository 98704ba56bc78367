// Merging the confs of policies: JSON merge patch (RFC 7396), later wins, except that `append*` arrays grow (spec/api.md 1.12).

type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value);
const isAppended = (key: string): boolean => /^append[A-Z]/.test(key);

/** All confs as one; the inputs stay as they are. */
export function mergeConfs(confs: readonly unknown[]): unknown {
  return confs.reduce<unknown>((merged, conf) => mergePatch(merged, conf), {});
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    const before = merged[key];
    if (value === null || value === undefined) delete merged[key];
    else if (isAppended(key) && Array.isArray(before) && Array.isArray(value)) merged[key] = [...before, ...value];
    else merged[key] = mergePatch(before, value);
  }
  return merged;
}
