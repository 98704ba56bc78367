// Tables for people: left aligned columns with three spaces between them; ages in one unit.

export interface Table {
  /** In its own spelling. */
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The lines of a table, its header first; each ends with a newline. The last column is not padded. */
export function tableLines({ header, rows }: Table): string[] {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(1, ...lines.map((line) => width(line[column] ?? ""))));
  const last = header.length - 1;
  return lines.map((line) => `${header.map((_, column) => padded(line[column] ?? "", column === last ? 0 : (widths[column] ?? 0) + 3)).join("")}\n`);
}

export const table = (header: Table["header"], rows: Table["rows"]): string => tableLines({ header, rows }).join("");

const width = (text: string): number => Array.from(text).length;
const padded = (text: string, to: number): string => text + " ".repeat(Math.max(0, to - width(text)));

const zeroTime = "0001-01-01T00:00:00Z";

/** How long ago a moment was: `7s`, `5m`, `3h`, `12d`, `2y`; `never` when it is absent or lies ahead. */
export function age(moment: string | undefined, now: number): string {
  // Go cannot count farther back than 292 years.
  if (moment === zeroTime) return "292y";
  const then = moment === undefined ? Number.NaN : Date.parse(moment);
  if (Number.isNaN(then)) return "never";
  const seconds = Math.trunc((now - then) / 1000);
  if (seconds < -1) return "never";
  if (seconds < 0) return "0s";
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h`;
  return hours < 24 * 365 ? `${Math.floor(hours / 24)}d` : `${Math.floor(hours / 24 / 365)}y`;
}
