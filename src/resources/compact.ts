// The same value in less memory: texts and maps of texts that are equal become one, what is empty is shared. Resources are immutable: nobody can tell.

import type { Resource } from "./resource.ts";

/** A value of plain data (messages, JSON) that reads the same as the one given. */
export type Compact = <T>(value: T) => T;

/** How many texts, and how many maps, are remembered to be told again; the rest of the memory is the values' own. */
const remembered = 4096;

const noItems: readonly never[] = Object.freeze([]);
const noFields: object = Object.freeze({});

/** Resources of a hundred thousand like them: in one layout, sharing what is equal. */
export function resourceCompactor(): (resource: Resource) => Resource {
  const compact = compactor();
  return ({ type, mesh, name, labels, spec, status, creationTime, modificationTime, version, owner }) => ({
    type: compact(type), mesh: compact(mesh), name, labels: compact(labels), spec: compact(spec), creationTime, modificationTime, version,
    ...(owner ? { owner: compact({ type: owner.type, mesh: owner.mesh, name: owner.name }) } : {}), ...(status === undefined ? {} : { status: compact(status) }),
  });
}

export function compactor(): Compact {
  const texts = recent<string>();
  const maps = recent<object>();
  const textOf = (text: string): string => texts(text, () => text);
  const compactMap = (value: object, entries: readonly (readonly [string, string])[]): object =>
    maps(JSON.stringify(value), () => Object.freeze(Object.fromEntries(entries.map(([key, text]) => [key, textOf(text)]))));
  const compactObject = (value: object): object => {
    if (Object.hasOwn(value, "__proto__")) return value;
    const entries = Object.entries(value);
    if (entries.length === 0) return noFields;
    if (entries.every(isText)) return compactMap(value, entries);
    const copy: Record<string, unknown> = { ...value };
    for (const [key, field] of entries) if (typeof field === "object" || typeof field === "string") copy[key] = compact(field);
    return copy;
  };
  const compact = (value: unknown): unknown => {
    if (typeof value === "string") return textOf(value);
    if (Array.isArray(value)) return value.length === 0 ? noItems : value.map(compact);
    return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype ? compactObject(value) : value;
  };
  return <T>(value: T): T => compact(value) as T;
}

const isText = (entry: readonly [string, unknown]): entry is readonly [string, string] => typeof entry[1] === "string";

/** What was asked for lately, by text: two generations, so that what is asked for again and again stays. */
function recent<T>(): (key: string, make: () => T) => T {
  let young = new Map<string, T>();
  let old = young;
  return (key, make) => {
    const known = young.get(key);
    if (known !== undefined) return known;
    const value = old.get(key) ?? make();
    if (young.size >= remembered) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
    return value;
  };
}
