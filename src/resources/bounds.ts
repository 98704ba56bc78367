// How far a document may go: no resource comes near this; the stack and the time of whoever walks one do. YAML's aliases make a small text a huge or an endless one.

const maxDepth = 200;

/** Looked for before anything else walks `value`. */
export function whatIsForbidden(value: unknown, maxValues = 1_000_000): string | undefined {
  let left = maxValues;
  const look = (inner: unknown, depth: number): string | undefined => {
    if (--left < 0) return `it holds more than ${maxValues} values`;
    if (typeof inner !== "object" || inner === null) return undefined;
    if (depth >= maxDepth) return `nested deeper than ${maxDepth} levels`;
    if (Object.hasOwn(inner, "__proto__")) return 'key "__proto__" is not allowed';
    for (const it of Object.values(inner)) {
      const forbidden = look(it, depth + 1);
      if (forbidden) return forbidden;
    }
    return undefined;
  };
  return look(value, 0);
}
