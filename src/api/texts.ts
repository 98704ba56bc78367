// JSON text of resources, printed once: a resource does not change, so its text stays right; memory is bounded, not time.
import { printResource, type Json, type Kind, type Resource } from "#resources";

/** Remembers the texts last asked for; about twice `budget` characters at most. */
export interface RecentTexts {
  /** The text for `subject` together with `company` (what else went into it), made when it is not known. */
  of(subject: object, company: object | undefined, make: () => string): string;
}

interface Remembered {
  readonly company: object | undefined;
  readonly text: string;
}

export function recentTexts(budget = 8 * 1024 * 1024): RecentTexts {
  let young = new Map<object, Remembered>();
  let old = young;
  let size = 0;
  const keep = (subject: object, it: Remembered) => {
    young.set(subject, it);
    size += it.text.length;
    if (size < budget) return;
    old = young;
    young = new Map();
    size = 0;
  };
  return {
    of(subject, company, make) {
      const known = young.get(subject);
      if (known && known.company === company) return known.text;
      const older = old.get(subject);
      const it = older && older.company === company ? older : { company, text: make() };
      keep(subject, it);
      return it.text;
    },
  };
}

/** A document as an item of a list: all lines but the first two levels deeper. */
export const itemText = (document: Json): string => JSON.stringify(document, null, 1).replaceAll("\n", "\n  ");

export const resourceItemText = (texts: RecentTexts, kind: Kind, resource: Resource): string => texts.of(resource, undefined, () => itemText(printResource(kind, resource)));

/** The same document on its own. */
export const aloneText = (item: string): string => `${item.replaceAll("\n  ", "\n")}\n`;

/** The body of a list, the way the reference writes it. */
export function listText(total: number, items: readonly string[], next: string | null): string {
  const list = items.length === 0 ? "[]" : `[\n  ${items.join(",\n  ")}\n ]`;
  return `{\n "total": ${total},\n "items": ${list},\n "next": ${JSON.stringify(next)}\n}\n`;
}
