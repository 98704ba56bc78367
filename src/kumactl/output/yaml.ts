// YAML for people and scripts, byte for byte as Kuma's tools write it: sorted keys, lists not indented, quotes only where YAML needs them.
// A library's writer quotes by other rules, and files that kumactl wrote are compared and kept in git.

/** A document of JSON values, ending with a newline. */
export function printYaml(value: unknown): string {
  if (isEmptyOrScalar(value)) return `${inline(value, "", 0)}\n`;
  return block(value, "");
}

function block(value: unknown, indent: string): string {
  if (Array.isArray(value)) return value.map((item) => `${indent}-${listItem(item, indent)}`).join("");
  return entriesOf(value).map(([key, item]) => {
    const start = `${indent}${scalar(key, indent, true)}:`;
    return start + entry(item, indent, lastLineLength(start) + 1);
  }).join("");
}

const lastLineLength = (text: string): number => Array.from(text.slice(text.lastIndexOf("\n") + 1)).length;

function entry(value: unknown, indent: string, column: number): string {
  if (isEmptyOrScalar(value)) return ` ${inline(value, indent, column)}\n`;
  return `\n${block(value, Array.isArray(value) ? indent : `${indent}  `)}`;
}

function listItem(value: unknown, indent: string): string {
  if (isEmptyOrScalar(value)) return ` ${inline(value, indent, indent.length + 2)}\n`;
  return ` ${block(value, `${indent}  `).slice(indent.length + 2)}`;
}

const entriesOf = (value: unknown): [string, unknown][] =>
  Object.entries(value ?? {})
    .filter(([, item]) => item !== undefined)
    .toSorted(([a], [b]) => compareKeys(a, b));

/** Digits count as numbers, letters come after everything else: `a2` before `a10`. */
export function compareKeys(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  let inDigits = false;
  for (let at = 0; at < left.length && at < right.length; at++) {
    const [one = "", two = ""] = [left[at], right[at]];
    if (one === two) {
      inDigits = isDigit(one);
      continue;
    }
    const [isLetter1, isLetter2] = [isLetter(one), isLetter(two)];
    if (isLetter1 && isLetter2) return one < two ? -1 : 1;
    if (isLetter1 || isLetter2) return inDigits === isLetter1 ? -1 : 1;
    const [number1, number2] = [numberAt(left, at), numberAt(right, at)];
    if (isDigit(one) && isDigit(two) && number1 !== number2) return number1 < number2 ? -1 : 1;
    return one < two ? -1 : 1;
  }
  return left.length - right.length;
}

const isDigit = (text: string): boolean => /\p{Nd}/u.test(text);
const isLetter = (text: string): boolean => /\p{L}/u.test(text);
const numberAt = (text: readonly string[], at: number): number => Number(/^\d*/.exec(text.slice(at).join(""))?.[0] ?? 0);

function isEmptyOrScalar(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : entriesOf(value).length === 0;
}

function inline(value: unknown, indent: string, column: number): string {
  if (typeof value === "string") return scalar(value, indent, false, column);
  if (Array.isArray(value)) return "[]";
  return typeof value === "object" && value !== null ? "{}" : String(value);
}

const wordsOfYaml = /^(?:y|Y|n|N|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|null|Null|NULL|~|\.nan|\.NaN|\.NAN|[-+]?\.(?:inf|Inf|INF))$/;
const numbersOfYaml = /^(?:[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|(?:0|[1-9][0-9_]*))|[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)$/;
const timesOfYaml = /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|\s+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?\s*(?:Z|[-+]\d{1,2}(?::?\d{2})?)?)?$/;

const meansSomethingElse = (text: string): boolean => text === "" || wordsOfYaml.test(text) || numbersOfYaml.test(text) || timesOfYaml.test(text);

function scalar(text: string, indent: string, isKey: boolean, column = 0): string {
  if (meansSomethingElse(text)) return JSON.stringify(text);
  if (/(?!\n)\p{Cc}|\ufeff/u.test(text)) return escaped(text);
  if (text.includes("\n")) return isKey ? escaped(text) : literal(text, indent);
  const whole = isPlain(text) ? text : singleQuoted(text);
  return isKey ? whole : folded(whole, indent, column);
}

const foldAfter = 80;

/** Long texts continue on the next line: at the first single space behind column 80. */
function folded(text: string, indent: string, column: number): string {
  let lineLength = column;
  let result = "";
  const words = text.split(" ");
  for (const [at, word] of words.entries()) {
    const isSingleSpace = at > 0 && words[at - 1] !== "" && word !== "" && !/^'*$/.test(word);
    if (at > 0 && isSingleSpace && lineLength > foldAfter) {
      result += `\n${indent}  `;
      lineLength = indent.length + 2;
    } else if (at > 0) {
      result += " ";
      lineLength++;
    }
    result += word;
    lineLength += Array.from(word).length;
  }
  return result;
}

function isPlain(text: string): boolean {
  if (/^[-?:](?:\s|$)/.test(text) || /^[,[\]{}#&*!|>'"%@`]/.test(text)) return false;
  if (/^\s|\s$/.test(text) || /^(?:---|\.\.\.)/.test(text)) return false;
  return !/:(?:\s|$)|\s#/.test(text);
}

const singleQuoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function literal(text: string, indent: string): string {
  const chomping = text.endsWith("\n\n") || text === "\n" ? "+" : text.endsWith("\n") ? "" : "-";
  const hint = /^[ \n]/.test(text) ? "2" : "";
  const lines = text.replace(/\n$/, "").split("\n");
  return `|${hint}${chomping}\n${lines.map((line) => (line === "" ? "" : `${indent}  ${line}`)).join("\n")}`;
}

const escapes: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\", "\0": "\\0", "\u0007": "\\a", "\b": "\\b", "\u000b": "\\v", "\f": "\\f", "\u001b": "\\e" };

const escaped = (text: string): string => `"${text.replaceAll(/["\\\p{Cc}\ufeff]/gu, (it) => escapes[it] ?? hexEscape(it))}"`;

function hexEscape(character: string): string {
  const digits = character.charCodeAt(0).toString(16).toUpperCase();
  return digits.length <= 2 ? `\\x${digits.padStart(2, "0")}` : `\\u${digits.padStart(4, "0")}`;
}
