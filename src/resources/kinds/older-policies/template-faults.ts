// What Go's templates refuse to compile, in their words: for templates that are checked when they are written and filled in elsewhere.

const builtins: ReadonlySet<string> = new Set([
  "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf", "println", "slice", "urlquery",
  "nil", "true", "false", "if", "else", "end", "range", "with", "define", "block", "template", "break", "continue",
]);
const openers: ReadonlySet<string> = new Set(["if", "range", "with", "define", "block"]);

/** The first fault, or undefined: what is not found here is left to the time of use. */
export function templateFault(template: string): string | undefined {
  const open: string[] = [];
  for (const [, action = ""] of template.matchAll(/\{\{-?([^]*?)-?\}\}/g)) {
    const text = action.trim();
    if (/^\/\*[^]*\*\/$/.test(text)) continue;
    const fault = actionFault(text, template) ?? blockFault(/^\w+/.exec(text)?.[0] ?? "", open);
    if (fault) return fault;
  }
  return open.length > 0 ? "unexpected EOF" : undefined;
}

/** A variable counts as known when it is set anywhere in the template. */
function actionFault(text: string, template: string): string | undefined {
  if (text === "") return "missing value for command";
  const outside = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').replaceAll(/`[^`]*`/g, '""');
  if (outside.replaceAll('""', "").includes('"')) return "unterminated quoted string";
  if (outside.includes("`")) return "unterminated raw quoted string";
  if (/^\s*\|/.test(outside)) return 'unexpected "|" in command';
  const strange = /(?:^|[\s|(])([^\s\w.$|()"',:=!+-])/.exec(outside)?.[1];
  if (strange) return `unexpected ${JSON.stringify(strange)} in command`;
  for (const [, word = "", next = ""] of outside.matchAll(/(?:^|[\s|(])([.$]?[A-Za-z_]\w*)(.?)/g)) {
    if (/[^\s|().,:=]/.test(next)) return `bad character U+${(next.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")} '${next}'`;
    if (word.startsWith("$") && !new RegExp(`\\${word}\\s*(,[^=]*)?:=`).test(template)) return `undefined variable "${word}"`;
    if (/^\w/.test(word) && !builtins.has(word)) return `function "${word}" not defined`;
  }
  const depth = outside.split("").reduce((sum, it) => (sum < 0 ? sum : it === "(" ? sum + 1 : it === ")" ? sum - 1 : sum), 0);
  return depth < 0 ? "unexpected right paren" : depth > 0 ? "unclosed left paren" : undefined;
}

/** Keeps what is open. */
function blockFault(keyword: string, open: string[]): string | undefined {
  if (openers.has(keyword)) open.push(keyword);
  if (keyword === "end" && open.pop() === undefined) return "unexpected {{end}}";
  if (keyword === "else" && open.length === 0) return "unexpected {{else}}";
  return (keyword === "break" || keyword === "continue") && !open.includes("range") ? `{{${keyword}}} outside {{range}}` : undefined;
}
