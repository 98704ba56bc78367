// The small part of Go's templates that Kuma's resources use: fields, `label "key"`, text around them.

export interface TemplateInput {
  readonly fields: Readonly<Record<string, string>>;
  /** Undefined when the label is absent. */
  readonly label: (key: string) => string | undefined;
}

export type TemplatePart =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "field"; readonly name: string; readonly column: number }
  | { readonly is: "label"; readonly key: string; readonly column: number };

/** Parts of a template, or what is wrong with it in Go's words. */
export function parseTemplate(text: string): { readonly parts: readonly TemplatePart[] } | { readonly error: string } {
  const parts: TemplatePart[] = [];
  let rest = text;
  let offset = 0;
  for (;;) {
    const open = rest.indexOf("{{");
    if (open < 0) return { parts: rest ? [...parts, { is: "text", text: rest }] : parts };
    const close = rest.indexOf("}}", open);
    if (close < 0) return { error: "template: :1: unclosed action" };
    if (open > 0) parts.push({ is: "text", text: rest.slice(0, open) });
    const action = rest.slice(open + 2, close).replace(/^- /, " ").replace(/ -$/, " ");
    const column = offset + open + 2 + (action.length - action.trimStart().length);
    const part = parseAction(action.trim(), column);
    if (typeof part === "string") return { error: part };
    parts.push(part);
    rest = rest.slice(close + 2);
    offset += close + 2;
  }
}

function parseAction(action: string, column: number): TemplatePart | string {
  const field = /^\.([A-Za-z_]\w*)$/.exec(action);
  if (field) return { is: "field", name: field[1] ?? "", column };
  const label = /^label\s+(?:"([^"\\]*)"|`([^`]*)`)$/.exec(action);
  if (label) return { is: "label", key: label[1] ?? label[2] ?? "", column };
  if (action === "") return "template: :1: missing value for command";
  const word = /^[A-Za-z_]\w*/.exec(action)?.[0];
  if (word && word !== "label") return `template: :1: function "${word}" not defined`;
  return `template: :1: unsupported action "${action}"`;
}

/** The rendered text, or what is wrong. */
export function renderTemplate(text: string, input: TemplateInput): { readonly text: string } | { readonly error: string } {
  const parsed = parseTemplate(text);
  if ("error" in parsed) return parsed;
  let rendered = "";
  for (const part of parsed.parts) {
    const value = part.is === "text" ? part.text : part.is === "field" ? input.fields[part.name] : input.label(part.key);
    if (value === undefined) return { error: part.is === "field" ? missingField(part, input) : part.is === "label" ? missingLabel(part) : "" };
    rendered += value;
  }
  return { text: rendered };
}

const missingLabel = ({ key, column }: { readonly key: string; readonly column: number }): string =>
  `template: :1:${column}: executing "" at <label ${JSON.stringify(key)}>: error calling label: label ${key} not found`;

function missingField(part: { readonly name: string; readonly column: number }, input: TemplateInput): string {
  const fields = Object.keys(input.fields).map((it) => `${it} string`).join("; ");
  return `template: :1:${part.column}: executing "" at <.${part.name}>: can't evaluate field ${part.name} in type struct { ${fields} }`;
}
