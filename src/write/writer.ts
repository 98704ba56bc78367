// Who writes: the rules of the door differ by this value, not by code path.
import type { Kind } from "#resources";
import type { Operation } from "#security";

export interface WritingUser {
  readonly name: string;
  readonly groups: readonly string[];
  /** Why this caller was not taken for somebody better. */
  readonly because?: string;
}

export type Writer =
  | { readonly is: "user"; readonly user: WritingUser }
  /** The Kubernetes API on behalf of a user. */
  | { readonly is: "kubernetes"; readonly user: WritingUser }
  /** A part of this control plane. */
  | { readonly is: "controller"; readonly name: string }
  /** Another control plane; what it sends was checked where it was made. */
  | { readonly is: "peer"; readonly zone: string }
  /** A proxy that registers itself, and the record of its connections. */
  | { readonly is: "proxy"; readonly name: string };

export type { Operation };

/** Who may do what; throws `denied` or `unauthenticated`. */
export interface Access {
  check(writer: Writer, kind: Kind, operation: Operation): void;
}

/** People obey everything; parts of the system may write what people may only read. */
export const isPerson = (writer: Writer): boolean => writer.is === "user" || writer.is === "kubernetes";
