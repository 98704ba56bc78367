// The index in memory in front of every store: resources by type, mesh and name, their owners, and stable sorted lists.
import { keyText, type Resource, type ResourceKey } from "#resources";
import { byteOrder, NamedResources } from "./named-resources.ts";

interface OfType {
  readonly meshes: Map<string, NamedResources>;
  /** The list over all meshes, with the lists it was made of. */
  whole: { readonly of: readonly (readonly Resource[])[]; readonly list: readonly Resource[] } | undefined;
}

const none: readonly Resource[] = Object.freeze([]);

export class ResourceIndex {
  readonly #types = new Map<string, OfType>();
  readonly #owned = new Map<string, Set<Resource>>();

  get(key: ResourceKey): Resource | undefined {
    return this.#types.get(key.type)?.meshes.get(key.mesh)?.get(key.name);
  }

  /** The same array until something of the type (and mesh) changes. */
  list(type: string, mesh?: string): readonly Resource[] {
    const ofType = this.#types.get(type);
    if (!ofType) return none;
    return mesh === undefined ? wholeList(ofType) : (ofType.meshes.get(mesh)?.list() ?? none);
  }

  /** Returns what was there before. */
  set(resource: Resource): Resource | undefined {
    const { meshes } = entry(this.#types, resource.type, () => ({ meshes: new Map<string, NamedResources>(), whole: undefined }));
    const previous = entry(meshes, resource.mesh, () => new NamedResources()).set(resource);
    this.#disown(previous);
    if (resource.owner) entry(this.#owned, keyText(resource.owner), () => new Set<Resource>()).add(resource);
    return previous;
  }

  /** Removes one resource, not what it owns. */
  delete(key: ResourceKey): Resource | undefined {
    const meshes = this.#types.get(key.type)?.meshes;
    const names = meshes?.get(key.mesh);
    const previous = names?.delete(key.name);
    if (names?.size === 0) meshes?.delete(key.mesh);
    this.#disown(previous);
    return previous;
  }

  /** What the resource with this key owns itself. */
  ownedBy(key: ResourceKey): Iterable<Resource> {
    return this.#owned.get(keyText(key)) ?? none;
  }

  #disown(previous: Resource | undefined): void {
    if (!previous?.owner) return;
    const owner = keyText(previous.owner);
    const owned = this.#owned.get(owner);
    owned?.delete(previous);
    if (owned?.size === 0) this.#owned.delete(owner);
  }
}

/** Where all are of one mesh its list serves for both. */
function wholeList(ofType: OfType): readonly Resource[] {
  const of = [...ofType.meshes].toSorted(([a], [b]) => byteOrder(a, b)).map(([, names]) => names.list());
  const [only] = of;
  if (only && of.length === 1) return only;
  const { whole } = ofType;
  if (whole && whole.of.length === of.length && of.every((list, at) => list === whole.of[at])) return whole.list;
  const list = of.length === 0 ? none : of.flat();
  ofType.whole = { of, list };
  return list;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
