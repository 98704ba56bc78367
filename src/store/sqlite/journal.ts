// The journal of the embedded store: a worker thread that owns the file, spoken to by messages.
import { Worker } from "node:worker_threads";
import type { Answer, Request, Row, RowWrite } from "./rows.ts";

export interface RowJournal {
  commit(writes: readonly RowWrite[]): Promise<void>;
  close(): Promise<void>;
}

export interface OpenedJournal {
  readonly rows: readonly Row[];
  readonly journal: RowJournal;
}

/** Opens the file, made when absent. Rejects when it is locked by another process or is no database. */
export function openJournal(path: string, workerUrl: URL): Promise<OpenedJournal> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerUrl, { workerData: { path }, name: "store" });
    const rows: Row[] = [];
    const waiting = new Map<number, { readonly resolve: () => void; readonly reject: (error: Error) => void }>();
    let lastId = 0;
    let ended: Error | undefined;

    const ask = (request: (id: number) => Request): Promise<void> =>
      new Promise((done, failed) => {
        if (ended) return failed(ended);
        const id = ++lastId;
        waiting.set(id, { resolve: done, reject: failed });
        worker.postMessage(request(id));
      });
    const end = (error: Error) => {
      ended = error;
      reject(error);
      for (const it of waiting.values()) it.reject(error);
      waiting.clear();
    };
    const exited = new Promise<void>((done) => {
      worker.once("exit", () => {
        end(new Error("the thread of the database has ended"));
        done();
      });
    });
    worker.on("error", end);
    worker.on("message", (answer: Answer) => {
      if (answer.is === "rows") rows.push(...answer.rows);
      else if (answer.is === "failed") end(new Error(describeFailure(path, answer)));
      else if (answer.is === "opened") resolve({ rows, journal });
      else settle(answer);
    });
    const settle = (answer: Extract<Answer, { readonly id: number }>) => {
      const it = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.is === "done") it?.resolve();
      else it?.reject(new Error(answer.message));
    };
    const journal: RowJournal = {
      commit: (writes) => ask((id) => ({ is: "commit", id, writes })),
      async close() {
        await ask((id) => ({ is: "close", id }));
        await exited;
      },
    };
  });
}

function describeFailure(path: string, { message, isLocked }: { readonly message: string; readonly isLocked: boolean }): string {
  if (isLocked) return `${path} is in use by another process: give each control plane its own file (store.sqlite.path)`;
  return `cannot open ${path} (store.sqlite.path): ${message}`;
}
