// Envoy resources as users write them into policies: YAML, or JSON in the words of Go's reader where it is neither.
import { isObject, whatIsForbidden, yamlSchema } from "#resources";
import { loadAll } from "js-yaml";

export type NativeText = { readonly value: unknown } | { readonly problem: string };

/** Far above the largest listener, far below what would take time. */
const maxValues = 50_000;

/** Of several documents the first, of keys given twice the last. */
export function readNative(text: string): NativeText {
  try {
    const value: unknown = loadAll(text, { schema: yamlSchema, json: true })[0] ?? null;
    const forbidden = whatIsForbidden(value, maxValues);
    return forbidden === undefined ? { value } : { problem: forbidden };
  } catch (error) {
    const tooDeep = /nesting exceeded maxDepth \((\d+)\)/.exec(String(error));
    return { problem: tooDeep ? `nested deeper than ${tooDeep[1]} levels` : jsonProblem(text) };
  }
}

export const nativeObject = (value: unknown): Readonly<Record<string, unknown>> => (isObject(value) ? value : {});

/** What Go's JSON reader says of a text that is not YAML either: it stops at the first character that cannot be. */
function jsonProblem(text: string): string {
  const from = text.search(/[^ \t\r\n]/);
  if (from < 0) return "EOF";
  const first = text.charAt(from);
  const word = ["true", "false", "null"].find((it) => it.startsWith(first));
  if (word) return literalProblem(text.slice(from), word);
  if (first === "{") return keyProblem(text.slice(from + 1).trimStart());
  if (!/["[\d-]/.test(first)) return invalidCharacter(first, "looking for beginning of value");
  return "unexpected EOF";
}

function literalProblem(text: string, word: string): string {
  const at = Array.from(word).findIndex((letter, index) => text[index] !== letter);
  if (at < 0) return invalidCharacter(text.charAt(word.length), "after top-level value");
  return text[at] === undefined ? "unexpected EOF" : invalidCharacter(text.charAt(at), `in literal ${word} (expecting '${word.charAt(at)}')`);
}

function keyProblem(rest: string): string {
  return rest === "" || rest.startsWith('"') ? "unexpected EOF" : invalidCharacter(rest.charAt(0), "looking for beginning of object key string");
}

/** Go looks at bytes, and shows each as if it were a character. */
function invalidCharacter(character: string, where: string): string {
  const shown = Buffer.from(character).subarray(0, 1).toString("latin1");
  return `invalid character ${shown === "'" ? String.raw`'\''` : `'${shown}'`} ${where}`;
}
