// How tables look on a terminal: states in colour, and a table that is wider than the screen as one block per row. What is piped is never touched.
import { tableLines, type Table } from "./table.ts";

/** Absent when the output is no terminal. */
export interface Screen {
  readonly columns: number;
  readonly hasColour: boolean;
}

/** Colour by the rule of no-color.org, and not on terminals that know none. */
export const wantsColour = (env: Readonly<Record<string, string | undefined>>): boolean => !env["NO_COLOR"] && env["TERM"] !== "dumb";

export function renderTable(table: Table, screen: Screen | undefined): string {
  const lines = tableLines(table);
  if (!screen) return lines.join("");
  const fits = lines.every((line) => line.length - 1 <= screen.columns);
  const shown = fits || table.rows.length === 0 ? lines : blocks(table);
  return screen.hasColour ? shown.map(coloured).join("") : shown.join("");
}

/** Each row as `NAME: value` lines; what is empty is left out. */
function blocks({ header, rows }: Table): string[] {
  const width = Math.max(...header.map((it) => it.length)) + 1;
  return rows.flatMap((row, at) => [
    ...(at === 0 ? [] : ["\n"]),
    ...header.flatMap((name, column) => (row[column] ? [`${`${name}:`.padEnd(width)} ${row[column]}\n`] : [])),
  ]);
}

const colours: Readonly<Record<string, number>> = { Online: 32, Offline: 31, "Partially degraded": 33, "Not available": 31 };

const coloured = (line: string): string => line.replace(/(?<=^|\s)(?:Online|Offline|Partially degraded|Not available)(?=\s|$)/, (state) => `\u001b[${colours[state]}m${state}\u001b[0m`);
