// The same value in less memory: texts and maps of texts that are equal become one, what is empty is shared. Resources are immutable: nobody can tell.

import type { Resource } from "./resource.ts";

/** A value of plain data (messages, JSON) that reads the same as the one given. */
export type Compact = <T>(value: T) => T;

/** How many texts, and how many maps, are remembered to be told again; what is long is not likely to be met again. */
const remembered = 4096;
const [longestText, longestMap] = [64, 256];

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
  const emptyLike = shapes();
  const textOf = (text: string): string => (text.length > longestText ? text : texts(text, () => text));
  const compactMap = (value: object, keys: readonly string[], text: string): object =>
    maps(text, () => Object.freeze(Object.fromEntries(keys.map((key) => [textOf(key), textOf(String(field(value, key)))]))));
  const compactObject = (value: object): object => {
    const keys = Object.keys(value);
    if (keys.length === 0) return noFields;
    const text = mapText(value, keys);
    if (text !== undefined) return compactMap(value, keys, text);
    if (Object.hasOwn(value, "__proto__")) return value;
    const copy = emptyLike(keys);
    for (const key of keys) copy[key] = compact(field(value, key));
    return copy;
  };
  const compact = (value: unknown): unknown => {
    if (typeof value === "string") return textOf(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.length === 0 ? noItems : value.map(compact);
    return Object.getPrototypeOf(value) === Object.prototype ? compactObject(value) : value;
  };
  return <T>(value: T): T => compact(value) as T;
}

const field = (value: object, key: string): unknown => (value as Readonly<Record<string, unknown>>)[key];

/** What tells a short map of texts from all others; undefined for everything else. */
function mapText(value: object, keys: readonly string[]): string | undefined {
  let text = "";
  for (const key of keys) {
    const it = field(value, key);
    if (typeof it !== "string" || text.length + it.length > longestMap) return undefined;
    text += `${key}\0${it}\0`;
  }
  // Nobody's keys and values can pretend to be another's: those that could are left alone.
  return text.split("\0").length === 2 * keys.length + 1 && !keys.includes("__proto__") ? text : undefined;
}

/** Different shapes of messages are few; free-form content could have any number. */
const rememberedShapes = 1000;

/**
 * Objects to be filled with the given fields. What is filled field by field keeps most of them in a second object beside it; of a
 * constructor V8 learns how many to leave room for.
 */
function shapes(): (fields: readonly string[]) => Record<string, unknown> {
  const known = new Map<string, () => void>();
  return (fields) => {
    const names = fields.join();
    let shape = known.get(names);
    if (!shape) {
      if (known.size >= rememberedShapes) return {};
      shape = plainConstructor();
      known.set(names, shape);
    }
    return Reflect.construct(shape, []) as Record<string, unknown>;
  };
}

/** What it makes is an object like any other. */
function plainConstructor(): () => void {
  const make = function (): void {};
  make.prototype = Object.prototype;
  return make;
}

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
