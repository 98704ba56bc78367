// Requests and the answers observed at the reference, of our own choosing: files of `observed/`, one format for bodies, one for everything else.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { isObject } from "#resources";

/** A resource that is accepted and changes of one field that are not. */
export interface ObservedKind {
  readonly accepted: Readonly<Record<string, unknown>> & { readonly type: string; readonly mesh?: string; readonly name: string };
  readonly changes: readonly Change[];
}

export interface Change {
  /** `spec.to.0.default`. */
  readonly change: string;
  /** Left out when absent. */
  readonly to?: unknown;
  /** `field: reason`, in any order; the reference's own order varies. */
  readonly refused?: readonly string[];
  /** The detail of a body that cannot be read. */
  readonly undecodable?: string;
  readonly title?: string;
}

export interface ObservedRequest {
  /** `GET /meshes`. */
  readonly request: string;
  readonly accept?: string;
  readonly contentType?: string | null;
  readonly body?: unknown;
  readonly text?: string;
  readonly status: number;
  /** Of an error document. */
  readonly title?: string;
  readonly detail?: string;
  readonly refused?: readonly string[];
  /** A plain text answer with its headers. */
  readonly answer?: string;
  readonly allow?: string;
  readonly location?: string;
  /** A list: its total, the names in it, and the path of the next page. */
  readonly total?: number;
  readonly items?: readonly (string | null)[];
  readonly next?: string | null;
  /** Fields that the answer must have. */
  readonly json?: unknown;
}

const folder = join(import.meta.dirname, "observed");

export const observedKinds = (): readonly (readonly [file: string, readonly ObservedKind[]])[] =>
  readdirSync(join(folder, "kinds")).toSorted().map((file) => [file.replace(/\.yaml$/, ""), load(readFileSync(join(folder, "kinds", file), "utf8")) as readonly ObservedKind[]] as const);

export const observedRequests = (): readonly ObservedRequest[] => load(readFileSync(join(folder, "routes.yaml"), "utf8")) as readonly ObservedRequest[];

/** The document with one field changed. */
export function changed(document: unknown, { change, ...how }: Change): unknown {
  const copy = structuredClone(document);
  const path = change.split(/\.(?!io\/|com\/)/);
  const last = path.pop() ?? "";
  let inner: unknown = copy;
  for (const part of path) inner = Array.isArray(inner) ? inner[Number(part)] : isObject(inner) ? inner[part] : undefined;
  if (Array.isArray(inner)) inner.splice(Number(last), 1, ...("to" in how ? [how.to] : []));
  else if (isObject(inner) && "to" in how) inner[last] = how.to;
  else if (isObject(inner)) delete inner[last];
  else throw new Error(`${change} is not in the document`);
  return copy;
}

export interface ErrorAnswer {
  readonly title: string;
  readonly detail: string;
  readonly refused: readonly string[];
}

/** What an error document says, its parameters in alphabetical order. */
export function errorOf(text: string): ErrorAnswer {
  const document: unknown = JSON.parse(text);
  const { title, detail, invalid_parameters: parameters } = isObject(document) ? document : {};
  const refused = (Array.isArray(parameters) ? parameters : []).map((it: { field: string; reason: string }) => (it.field ? `${it.field}: ${it.reason}` : it.reason));
  return { title: String(title), detail: String(detail), refused: refused.toSorted() };
}
