// Lists of revoked token ids, forgiving about how they were typed.

/** Ids separated by commas, blanks or line ends of any system. */
export function parseRevocations(text: string): ReadonlySet<string> {
  return new Set(text.split(/[\s,]+/).filter(Boolean));
}
