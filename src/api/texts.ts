// JSON of resources, printed once: a resource does not change, so what was printed stays right; memory is bounded, not time.
import { printResource, type Json, type Kind, type Resource } from "#resources";

/** Remembers what was asked for last: at most about twice `budget` characters or bytes. */
export interface Recent<T> {
  /** What was made for `subject` together with `company` (what else went into it), made when it is not known. */
  of(subject: unknown, company: object | undefined, make: () => T): T;
}

interface Remembered<T> {
  readonly company: object | undefined;
  readonly value: T;
}

/** What the bookkeeping of one entry takes. */
const entrySize = 128;

export function recent<T extends { readonly length: number }>(budget: number): Recent<T> {
  let young = new Map<unknown, Remembered<T>>();
  let old = young;
  let size = 0;
  const keep = (subject: unknown, it: Remembered<T>) => {
    young.set(subject, it);
    size += it.value.length + entrySize;
    if (size < budget) return;
    old = young;
    young = new Map();
    size = 0;
  };
  return {
    of(subject, company, make) {
      const known = young.get(subject);
      if (known && known.company === company) return known.value;
      const older = old.get(subject);
      const it = older && older.company === company ? older : { company, value: make() };
      // What takes much of the room for itself is not worth the many that it would push out.
      if (it.value.length < budget / 8) keep(subject, it);
      return it.value;
    },
  };
}

const megabyte = 1024 * 1024;
export const recentTexts = (): Recent<string> => recent(4 * megabyte);

/** Answers of the routes that are read most, ready to send. */
export interface RecentAnswers {
  readonly items: Recent<string>;
  readonly resources: Recent<Buffer>;
  /** By their address; `company` is the list they were cut from. */
  readonly pages: Recent<Buffer>;
}

export const recentAnswers = (): RecentAnswers => ({ items: recentTexts(), resources: recent(2 * megabyte), pages: recent(4 * megabyte) });

/** A document as an item of a list: two levels deep. Cut out of one text: what is pieced together would keep its pieces. */
export const itemText = (document: Json): string => JSON.stringify([[document]], null, 1).slice("[\n [\n  ".length, -"\n ]\n]".length);

export const resourceItem = ({ items }: RecentAnswers, kind: Kind, resource: Resource): string => items.of(resource, undefined, () => itemText(printResource(kind, resource)));

/** The same document on its own. */
export const resourceAnswer = ({ resources }: RecentAnswers, kind: Kind, resource: Resource): Buffer =>
  resources.of(resource, undefined, () => Buffer.from(`${JSON.stringify(printResource(kind, resource), null, 1)}\n`));

/** The body of a list, the way the reference writes it. */
export function listText(total: number, items: readonly string[], next: string | null): string {
  const list = items.length === 0 ? "[]" : `[\n  ${items.join(",\n  ")}\n ]`;
  return `{\n "total": ${total},\n "items": ${list},\n "next": ${JSON.stringify(next)}\n}\n`;
}
