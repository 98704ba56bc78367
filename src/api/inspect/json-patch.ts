// The difference of two JSON documents as a JSON patch (RFC 6902): applied to the first it gives the second.
import { isDeepStrictEqual } from "node:util";
import { isObject } from "#resources";

export interface PatchOperation {
  readonly op: "test" | "remove" | "add";
  readonly path: string;
  readonly value: unknown;
}

/** What is taken away is tested first, so that the patch fails on a document it was not made for. */
export function jsonPatch(before: unknown, after: unknown, path = ""): readonly PatchOperation[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return patchArray(before, after, path);
  if (isObject(before) && isObject(after)) return patchObject(before, after, path);
  return [...removal(path, before), { op: "add", path, value: after }];
}

const removal = (path: string, value: unknown): readonly PatchOperation[] => [{ op: "test", path, value }, { op: "remove", path, value }];
const escaped = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");

function patchObject(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>, path: string): readonly PatchOperation[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return keys.flatMap((key) => {
    const at = `${path}/${escaped(key)}`;
    if (!Object.hasOwn(after, key)) return removal(at, before[key]);
    if (!Object.hasOwn(before, key)) return [{ op: "add" as const, path: at, value: after[key] }];
    return jsonPatch(before[key], after[key], at);
  });
}

const isContainer = (value: unknown): boolean => typeof value === "object" && value !== null;
const canPatch = (a: unknown, b: unknown): boolean => isContainer(a) && isContainer(b) && Array.isArray(a) === Array.isArray(b);

/** Elements that stay divide the arrays into stretches; inside one, elements are changed in their place as long as both sides have any. */
function patchArray(before: readonly unknown[], after: readonly unknown[], path: string): readonly PatchOperation[] {
  const operations: PatchOperation[] = [];
  let [from, to] = [0, 0];
  for (const [keptFrom, keptTo] of [...commonElements(before, after), [before.length, after.length] as const]) {
    const removed = before.slice(from, keptFrom);
    const added = after.slice(to, keptTo);
    let index = to;
    while (canPatch(removed[0], added[0])) operations.push(...jsonPatch(removed.shift(), added.shift(), `${path}/${index++}`));
    const at = `${path}/${index}`;
    for (const value of removed) operations.push(...removal(at, value));
    // Each goes before the one that was added last.
    for (const value of added.toReversed()) operations.push({ op: "add", path: at, value });
    [from, to] = [keptFrom + 1, keptTo + 1];
  }
  return operations;
}

/** Positions of a longest common subsequence, in order. */
function commonElements(before: readonly unknown[], after: readonly unknown[]): readonly (readonly [before: number, after: number])[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  const lengthAt = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  const isEqual = (i: number, j: number): boolean => isDeepStrictEqual(before[i], after[j]);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = lengths[i];
      if (row) row[j] = isEqual(i, j) ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
    }
  }
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < before.length && j < after.length; ) {
    if (isEqual(i, j)) pairs.push([i++, j++]);
    else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}
