// The one door through which resources are created, changed and deleted, whoever asks. The order of checks is that of spec/api.md 2.3.
import {
  computeLabels, deprecationsOf, invalid, keyText, KumaError, notFound, parseDocument, readOnly, validateAgainstUrl, validateLabels, validateOrigin,
  validateFlatSpec, validateMeta, validateResource, validateUnchanged, violation, whileTrying,
  type Kind, type Kinds, type ParsedDocument, type Place, type Resource, type ResourceKey, type Unstored, type Violation,
} from "#resources";
import type { Store } from "#store";
import { guards, type GuardContext } from "./guards.ts";
import { isReadOnlyKind, readOnlyText } from "./writable.ts";
import { isPerson, type Access, type Writer } from "./writer.ts";

export interface DoorOptions extends GuardContext {
  readonly store: Store;
  readonly kinds: Kinds;
  readonly place: Place;
  readonly access: Access;
  /** `apiServer.readOnly`. */
  readonly isApiReadOnly: boolean;
}

export interface Written {
  readonly resource: Resource;
  readonly isNew: boolean;
  readonly warnings: readonly string[];
  /** Of a document: fields that nothing reads. */
  readonly unknownFields?: readonly string[];
}

export interface WriteDoor {
  /** What somebody sent for a key; `document` is asked for (and may throw) once the mesh is known to exist. */
  writeDocument(writer: Writer, key: ResourceKey, document: () => unknown, condition?: WriteCondition): Promise<Written>;
  /** What a part of the system made. Labels are computed unless `keepLabels`; a peer's resource is stored as it is. */
  writeResource(writer: Writer, resource: Unstored, options?: { readonly keepLabels?: boolean }): Promise<Written>;
  /** Reads, changes and writes without letting another write of this process come between; undefined leaves it as it is. */
  update(writer: Writer, key: ResourceKey, change: (current: Resource | undefined) => Unstored | undefined): Promise<Resource | undefined>;
  remove(writer: Writer, key: ResourceKey, condition?: WriteCondition): Promise<void>;
}

/** What the caller asks of the resource as it stands just before the write; throws when it is not so, and nothing is written. */
export interface WriteCondition {
  readonly precondition?: ((current: Resource | undefined) => void) | undefined;
}

export function openWriteDoor(options: DoorOptions): WriteDoor {
  const inTurn = turns();
  return {
    writeDocument: (writer, key, document, condition = {}) => inTurn(key, () => writeDocument(options, writer, key, document, condition)),
    writeResource: (writer, resource, how = {}) => inTurn(resource, () => again(() => writeResource(options, writer, resource, how.keepLabels === true))),
    update: (writer, key, change) =>
      inTurn(key, () =>
        again(async () => {
          const current = options.store.get(key);
          const next = change(current);
          return next === undefined ? current : (await writeResource(options, writer, next, true)).resource;
        }),
      ),
    remove: (writer, key, condition = {}) => inTurn(key, () => remove(options, writer, key, condition)),
  };
}

async function writeDocument(options: DoorOptions, writer: Writer, key: ResourceKey, document: () => unknown, { precondition }: WriteCondition): Promise<Written> {
  const { store, place } = options;
  const kind = kindOf(options, key);
  const current = store.get(key);
  options.access.check(writer, kind, current ? "update" : "create");
  mustBeWritable(options, writer, kind);
  mustHaveMesh(options, kind, key);
  precondition?.(current);
  const parsed = await whileTrying("Could not process a resource", () => {
    const read = parseDocument(kind, document());
    throwIf(validateFlatSpec(kind, read.resource));
    throwIf(validateRequest(kind, read, key, place));
    return read;
  });
  const labels = computeLabels(kind, parsed.resource, place);
  if (current) await whileTrying("Could not update a resource", () => throwIf(validateUnchanged(current.labels, labels)));
  const written = await persist(options, kind, { ...parsed.resource, labels }, current);
  return { ...written, unknownFields: parsed.unknown };
}

async function writeResource(options: DoorOptions, writer: Writer, resource: Unstored, keepLabels: boolean): Promise<Written> {
  const kind = kindOf(options, resource);
  const current = options.store.get(resource);
  options.access.check(writer, kind, current ? "update" : "create");
  mustBeWritable(options, writer, kind);
  mustHaveMesh(options, kind, resource);
  if (writer.is === "peer") return put(options, kind, resource, current);
  const labels = keepLabels ? resource.labels : computeLabels(kind, resource, options.place);
  // The meaning of a flat kind is checked once it is complete.
  throwIf([...validateMeta(kind, resource), ...validateSpec(kind, resource)]);
  return persist(options, kind, { ...resource, labels }, current);
}

/** The last steps of every write that is checked here: defaults, meaning, the rest of the store, the disk. */
function persist(options: DoorOptions, kind: Kind, resource: Unstored, current: Resource | undefined): Promise<Written> {
  return whileTrying(current ? "Failed to update a resource" : "Failed to create a resource", async () => {
    const completed = kind.shape === "flat" && kind.applyDefaults ? { ...resource, spec: kind.applyDefaults(resource.spec, options.place, current === undefined) as unknown } : resource;
    throwIf(kind.shape === "flat" ? validateResource(kind, completed) : []);
    throwIf((await guards.get(kind.name)?.onWrite?.(options, completed, current)) ?? []);
    return put(options, kind, completed, current);
  });
}

async function put({ store }: DoorOptions, kind: Kind, resource: Unstored, current: Resource | undefined): Promise<Written> {
  const owner = resource.owner ?? (kind.scope === "Mesh" ? meshKey(resource.mesh) : undefined);
  const status = resource.status ?? current?.status;
  const next = { ...resource, ...(owner ? { owner } : {}), ...(status === undefined ? {} : { status }) };
  const stored = await store.put(next, current?.version ?? 0);
  return { resource: stored, isNew: current === undefined, warnings: deprecationsOf(kind, stored) };
}

async function remove(options: DoorOptions, writer: Writer, key: ResourceKey, { precondition }: WriteCondition): Promise<void> {
  const kind = kindOf(options, key);
  options.access.check(writer, kind, "delete");
  mustBeWritable(options, writer, kind);
  mustHaveMesh(options, kind, key);
  await whileTrying("Could not delete a resource", async () => {
    const current = options.store.get(key);
    precondition?.(current);
    if (!current) throw notFound("Not found");
    if (isPerson(writer)) {
      throwIf(validateOrigin(kind, current.labels, options.place));
      throwIf((await guards.get(kind.name)?.onDelete?.(options, current)) ?? []);
    }
    if (!(await options.store.delete(key))) throw notFound("Not found");
  });
}

function validateRequest(kind: Kind, parsed: ParsedDocument, key: ResourceKey, place: Place): readonly Violation[] {
  const isTooLong = place.mode === "zone" && place.federated && `${place.zone}.${parsed.resource.name}`.length >= 253;
  return [
    ...validateAgainstUrl(parsed, key),
    ...validateLabels(kind, parsed.resource, place),
    ...validateMeta(kind, parsed.resource),
    ...(isTooLong ? [violation("name", "the length of the name must be shorter")] : []),
  ];
}

const validateSpec = (kind: Kind, resource: Unstored): readonly Violation[] =>
  kind.shape === "spec" ? (kind.validate?.(resource.spec, { ...resource, version: 0, creationTime: 0, modificationTime: 0 }) ?? []) : [];

function kindOf({ kinds }: DoorOptions, key: ResourceKey): Kind {
  const kind = kinds.byName(key.type);
  if (!kind) throw notFound(`unknown kind "${key.type}"`);
  return kind;
}

function mustBeWritable({ place, isApiReadOnly }: DoorOptions, writer: Writer, kind: Kind): void {
  if (writer.is === "user" && isReadOnlyKind(kind, place, isApiReadOnly)) throw readOnly(readOnlyText(kind, place, isApiReadOnly));
}

const meshKey = (name: string): ResourceKey => ({ type: "Mesh", mesh: "", name });

function mustHaveMesh({ store }: DoorOptions, kind: Kind, key: ResourceKey): void {
  if (kind.scope !== "Mesh" || store.get(meshKey(key.mesh))) return;
  throw new KumaError({ is: "not-found", message: "Not found" }, { attempt: "Failed to retrieve Mesh" });
}

function throwIf(violations: readonly Violation[]): void {
  if (violations.length > 0) throw invalid(violations);
}

/** Another control plane on the same database may write between our reading and writing: then once more. */
async function again<T>(action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      const isConflict = error instanceof KumaError && error.failure.is === "conflict";
      if (!isConflict || attempt >= 5) throw error;
    }
  }
}

/** Actions on one key, one after the other. */
function turns(): <T>(key: ResourceKey, action: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return <T>(key: ResourceKey, action: () => Promise<T>): Promise<T> => {
    const text = keyText(key);
    const previous = last.get(text) ?? Promise.resolve();
    const turn = previous.then(action, action);
    const settled = turn.then(
      () => {},
      () => {},
    );
    last.set(text, settled);
    void settled.then(() => {
      if (last.get(text) === settled) last.delete(text);
    });
    return turn;
  };
}
