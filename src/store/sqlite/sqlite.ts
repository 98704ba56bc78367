// The embedded store: a file of one process, all of it in memory for reading, every acknowledged write on the disk.
import { chmod, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { reasonOf } from "#platform";
import { failureOf, keyText, resourceCompactor, unavailable, type Labels, type Resource, type ResourceKey } from "#resources";
import type { Clock, Log } from "#platform";
import { indexedStore, type Write } from "../indexed.ts";
import type { Codec, Store } from "../store.ts";
import { openJournal } from "./journal.ts";
import type { Row, RowWrite } from "./rows.ts";

export interface SqliteOptions {
  /** `store.sqlite.path`; the file and its folder are made when absent, readable by the owner only. */
  readonly path: string;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly log: Log;
  /** The program of the thread; a bundle names its own file. */
  readonly workerUrl?: URL;
}

/** Rejects with `unavailable` when the file is another process's or cannot be read. */
export async function sqliteStore(options: SqliteOptions): Promise<Store> {
  const { path, codec, clock, log } = options;
  await makePrivate(path);
  const compact = resourceCompactor();
  const stored: Resource[] = [];
  const takeIn = (rows: readonly Row[]) => {
    for (const row of rows) stored.push(...resourceOf(codec, row, log).map(compact));
  };
  const journal = await openJournal(path, options.workerUrl ?? new URL("./worker.ts", import.meta.url), takeIn).catch((error: unknown) => {
    throw failureOf(error) ? error : unavailable(reasonOf(error), { cause: error });
  });
  const ofRows = {
    encode: (resource: Resource) => rowOf(codec, resource),
    commit: (writes: readonly Write<Row>[]) => journal.commit(writes.map(rowWrite)),
    close: () => journal.close(),
  };
  return indexedStore({ journal: ofRows, stored, compact, clock, log, isLazy: (type) => type.endsWith("Insight") });
}

async function makePrivate(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, "a", 0o600);
  await file.close();
  await chmod(path, 0o600);
}

const rowWrite = (write: Write<Row>): RowWrite => (write.is === "put" ? { is: "put", row: write.encoded } : { is: "delete", type: write.key.type, mesh: write.key.mesh, name: write.key.name });

function rowOf(codec: Codec, resource: Resource): Row {
  const { owner } = resource;
  return {
    type: resource.type, mesh: resource.mesh, name: resource.name, version: resource.version,
    spec: codec.encode(resource),
    status: resource.status === undefined ? null : JSON.stringify(resource.status),
    labels: JSON.stringify(resource.labels),
    creation_time: resource.creationTime, modification_time: resource.modificationTime,
    owner_type: owner?.type ?? null, owner_mesh: owner?.mesh ?? null, owner_name: owner?.name ?? null,
  };
}

/** Kinds this program does not know stay in the file, unseen; a secret that does not open ends the start, it must not be overwritten. */
function resourceOf(codec: Codec, row: Row, log: Log): readonly Resource[] {
  const key: ResourceKey = { type: row.type, mesh: row.mesh, name: row.name };
  if (!codec.kind(row.type)) {
    log.warn("a stored resource is of an unknown kind and left alone", { resource: keyText(key) });
    return [];
  }
  const spec = decodeOrThrow(codec, key, row.spec);
  const owner = row.owner_type === null ? undefined : { type: row.owner_type, mesh: row.owner_mesh ?? "", name: row.owner_name ?? "" };
  const status = row.status === null ? undefined : (JSON.parse(row.status) as unknown);
  return [
    {
      ...key, spec, labels: JSON.parse(row.labels) as Labels, version: row.version, creationTime: row.creation_time, modificationTime: row.modification_time,
      ...(owner ? { owner } : {}), ...(status === undefined ? {} : { status }),
    },
  ];
}

function decodeOrThrow(codec: Codec, key: ResourceKey, text: string): unknown {
  try {
    return codec.decode(key, text);
  } catch (error) {
    if (failureOf(error)) throw error;
    throw unavailable(`the stored ${key.type} "${key.name}" cannot be read`, { cause: error });
  }
}
