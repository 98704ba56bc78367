// JSON for scripts: two spaces a level, and the characters that HTML minds escaped.

export function printJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replaceAll(/[<>&\u2028\u2029]/g, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}
