// The journal of the embedded store: a worker thread that owns the file, spoken to by messages.
import { takeThread } from "../thread/index.ts";
import type { Answer, Opening, Request, Row, RowWrite } from "./rows.ts";

export interface RowJournal {
  commit(writes: readonly RowWrite[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the file, made when absent, and hands over what it holds, some rows at a time. Rejects when it is locked by another
 * process or is no database, and with what `onRows` throws.
 */
export function openJournal(path: string, workerUrl: URL, onRows: (rows: readonly Row[]) => void): Promise<RowJournal> {
  return new Promise((resolve, reject) => {
    const worker = takeThread(workerUrl);
    const waiting = new Map<number, { readonly resolve: () => void; readonly reject: (error: Error) => void }>();
    let lastId = 0;
    let ended: Error | undefined;
    let notTakenIn: { readonly error: unknown } | undefined;

    const ask = (request: (id: number) => Request): Promise<void> =>
      new Promise((done, failed) => {
        if (ended) return failed(ended);
        const id = ++lastId;
        waiting.set(id, { resolve: done, reject: failed });
        worker.postMessage(request(id));
      });
    const end = (error: Error) => {
      ended = error;
      reject(notTakenIn ? notTakenIn.error : error);
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
      if (answer.is === "rows") takeIn(answer.rows);
      else if (answer.is === "failed") end(new Error(describeFailure(path, answer)));
      else if (answer.is === "opened") resolve(journal);
      else settle(answer);
    });
    const takeIn = (rows: readonly Row[]) => {
      try {
        onRows(rows);
      } catch (error) {
        notTakenIn = { error };
        // Rejects when the thread has given the file back and ends.
        return worker.postMessage({ is: "close", id: ++lastId } satisfies Request);
      }
      worker.postMessage({ is: "more" } satisfies Request);
    };
    const settle = (answer: Extract<Answer, { readonly id: number }>) => {
      const it = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.is === "done") it?.resolve();
      else it?.reject(new Error(answer.message));
    };
    worker.postMessage({ path } satisfies Opening);
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
