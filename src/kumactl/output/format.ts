// The three forms of every answer: a table for people, YAML and JSON for scripts.
import { printJson } from "./json.ts";
import type { Flag } from "#platform/command-line";

export const outputFlag: Flag = { name: "output", short: "o", type: "string", help: "how to print the answer: table, yaml or json", fallback: "table" };

export type Format = "table" | "yaml" | "json";

export function formatOf(text: string): Format {
  if (text === "table" || text === "yaml" || text === "json") return text;
  throw new Error(`unknown output format "${text}"`);
}

/** What to print: the value as JSON or YAML, or the table. */
export async function print(format: Format, value: unknown, table: () => string): Promise<string> {
  if (format === "table") return table();
  if (format === "json") return printJson(value);
  return (await import("./yaml.ts")).printYaml(value);
}
