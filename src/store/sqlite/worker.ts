// The thread that owns the database file: node:sqlite blocks, so nothing else lives here.
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { parentPort, type MessagePort } from "node:worker_threads";
import { reasonOf } from "#platform";
import type { Answer, Opening, Request, Row, RowWrite } from "./rows.ts";

const rowsPerMessage = 1000;

const schema = `
  CREATE TABLE IF NOT EXISTS resources (
    type TEXT NOT NULL, mesh TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
    spec TEXT NOT NULL, status TEXT, labels TEXT NOT NULL, creation_time INTEGER NOT NULL, modification_time INTEGER NOT NULL,
    owner_type TEXT, owner_mesh TEXT, owner_name TEXT,
    PRIMARY KEY (type, mesh, name)
  ) WITHOUT ROWID;
`;
const putSql = `INSERT OR REPLACE INTO resources
  (type, mesh, name, version, spec, status, labels, creation_time, modification_time, owner_type, owner_mesh, owner_name)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 1000 });
  // Exclusive: the file belongs to this process, and a second one is told so instead of spoiling its index.
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE;");
  database.exec(schema);
  database.exec("COMMIT;");
  return database;
}

/** All rows, some at a time: the whole of a large store is nowhere as text. */
function* storedRows(database: DatabaseSync): Generator<readonly Row[]> {
  let rows: Row[] = [];
  for (const row of database.prepare("SELECT * FROM resources").iterate()) {
    rows.push(row as unknown as Row);
    if (rows.length < rowsPerMessage) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

function commit(database: DatabaseSync, put: StatementSync, remove: StatementSync, writes: readonly RowWrite[]): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const write of writes) {
      if (write.is === "delete") remove.run(write.type, write.mesh, write.name);
      else put.run(...columns(write.row));
    }
    database.exec("COMMIT");
  } catch (error) {
    // A full disk has rolled it back already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

const columns = (row: Row): SQLInputValue[] => [
  row.type, row.mesh, row.name, row.version, row.spec, row.status, row.labels, row.creation_time, row.modification_time, row.owner_type, row.owner_mesh, row.owner_name,
];

const send = (port: MessagePort, answer: Answer): void => port.postMessage(answer);
function serve(port: MessagePort, path: string): void {
  let database: DatabaseSync;
  let stored: Generator<readonly Row[]>;
  const fail = (error: unknown) => {
    send(port, { is: "failed", message: reasonOf(error), isLocked: /locked|busy/i.test(reasonOf(error)) });
    port.close();
  };
  const sendMore = () => {
    try {
      const next = stored.next();
      send(port, next.done === true ? { is: "opened" } : { is: "rows", rows: next.value });
    } catch (error) {
      fail(error);
    }
  };
  try {
    database = open(path);
    stored = storedRows(database);
  } catch (error) {
    return fail(error);
  }
  const put = database.prepare(putSql);
  const remove = database.prepare("DELETE FROM resources WHERE type = ? AND mesh = ? AND name = ?");
  port.on("message", (request: Request) => {
    if (request.is === "more") return sendMore();
    try {
      if (request.is === "commit") commit(database, put, remove, request.writes);
      else database.close();
      send(port, { is: "done", id: request.id });
    } catch (error) {
      send(port, { is: "refused", id: request.id, message: reasonOf(error) });
    }
    if (request.is === "close") port.close();
  });
  sendMore();
}

const port = parentPort;
port?.once("message", ({ path }: Opening) => serve(port, path));
