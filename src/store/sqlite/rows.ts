// What the thread that writes and the thread that asks say to each other.

/** A resource as a row; the worker understands nothing of kinds. */
export interface Row {
  readonly type: string;
  readonly mesh: string;
  readonly name: string;
  readonly version: number;
  readonly spec: string;
  readonly status: string | null;
  readonly labels: string;
  readonly creation_time: number;
  readonly modification_time: number;
  readonly owner_type: string | null;
  readonly owner_mesh: string | null;
  readonly owner_name: string | null;
}

export type RowWrite = { readonly is: "put"; readonly row: Row } | { readonly is: "delete"; readonly type: string; readonly mesh: string; readonly name: string };

/** The first message: whose thread it is. */
export interface Opening {
  readonly path: string;
}

export type Request =
  /** The rows of the last answer have been taken in: more may come. */
  | { readonly is: "more" }
  | { readonly is: "commit"; readonly id: number; readonly writes: readonly RowWrite[] }
  | { readonly is: "close"; readonly id: number };

export type Answer =
  | { readonly is: "rows"; readonly rows: readonly Row[] }
  | { readonly is: "opened" }
  | { readonly is: "failed"; readonly message: string; readonly isLocked: boolean }
  | { readonly is: "done"; readonly id: number }
  | { readonly is: "refused"; readonly id: number; readonly message: string };
