// The index in memory in front of every store: resources by type, mesh and name, their owners, and stable sorted lists.
import { keyText, type Resource, type ResourceKey } from "#resources";

type ByName = Map<string, Resource>;

/** Go and Postgres ("C") compare names by their UTF-8 bytes; names are ASCII, so code units agree. */
const byteOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export class ResourceIndex {
  readonly #types = new Map<string, Map<string, ByName>>();
  readonly #lists = new Map<string, Map<string, readonly Resource[]>>();
  readonly #wholeLists = new Map<string, readonly Resource[]>();
  readonly #owned = new Map<string, Map<string, ResourceKey>>();

  get(key: ResourceKey): Resource | undefined {
    return this.#types.get(key.type)?.get(key.mesh)?.get(key.name);
  }

  /** The same array until something of the type (and mesh) changes. */
  list(type: string, mesh?: string): readonly Resource[] {
    return mesh === undefined ? this.#wholeList(type) : this.#meshList(type, mesh);
  }

  *all(): Iterable<Resource> {
    for (const meshes of this.#types.values()) for (const names of meshes.values()) yield* names.values();
  }

  /** Returns what was there before. */
  set(resource: Resource): Resource | undefined {
    const meshes = entry(this.#types, resource.type, () => new Map<string, ByName>());
    const names = entry(meshes, resource.mesh, () => new Map<string, Resource>());
    const previous = names.get(resource.name);
    names.set(resource.name, resource);
    this.#disown(previous);
    if (resource.owner) entry(this.#owned, keyText(resource.owner), () => new Map()).set(keyText(resource), keyOf(resource));
    this.#forgetLists(resource);
    return previous;
  }

  /** Removes one resource, not what it owns. */
  delete(key: ResourceKey): Resource | undefined {
    const names = this.#types.get(key.type)?.get(key.mesh);
    const previous = names?.get(key.name);
    if (!names || !previous) return undefined;
    names.delete(key.name);
    this.#disown(previous);
    this.#forgetLists(key);
    return previous;
  }

  /** The resource and everything it owns, recursively, owners first. */
  withOwned(key: ResourceKey): readonly ResourceKey[] {
    const found = new Map<string, ResourceKey>([[keyText(key), keyOf(key)]]);
    // A Map visits what is added while it is walked: this is the whole tree, each once.
    for (const text of found.keys()) for (const [owned, ownedKey] of this.#owned.get(text) ?? []) found.set(owned, ownedKey);
    return [...found.values()];
  }

  #disown(previous: Resource | undefined): void {
    if (!previous?.owner) return;
    const owner = keyText(previous.owner);
    const owned = this.#owned.get(owner);
    owned?.delete(keyText(previous));
    if (owned?.size === 0) this.#owned.delete(owner);
  }

  #forgetLists(key: ResourceKey): void {
    this.#wholeLists.delete(key.type);
    this.#lists.get(key.type)?.delete(key.mesh);
  }

  #meshList(type: string, mesh: string): readonly Resource[] {
    const lists = entry(this.#lists, type, () => new Map<string, readonly Resource[]>());
    return entry(lists, mesh, () => [...(this.#types.get(type)?.get(mesh)?.values() ?? [])].toSorted((a, b) => byteOrder(a.name, b.name)));
  }

  #wholeList(type: string): readonly Resource[] {
    return entry(this.#wholeLists, type, () => {
      const meshes = [...(this.#types.get(type)?.keys() ?? [])].toSorted(byteOrder);
      return meshes.flatMap((mesh) => this.#meshList(type, mesh));
    });
  }
}

const keyOf = ({ type, mesh, name }: ResourceKey): ResourceKey => ({ type, mesh, name });

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
