// Durations as Go writes them ("1h30m", "250ms"): the form of every configuration value and policy field.

const unitMs: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, "µs": 1e-3, "μs": 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds (fractions for micro- and nanoseconds), or undefined when the text is no Go duration. */
export function parseDuration(text: string): number | undefined {
  // By far the most are of one unit.
  const [, only, of = ""] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  if (only !== undefined) return Number(only) * (unitMs[of] ?? 0);
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.exec(text);
  if (!match) return /^[+-]?0$/.test(text) ? 0 : undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) total += Number(amount) * (unitMs[unit ?? ""] ?? 0);
  return match[1] === "-" ? -total : total;
}

/** The way Go prints it: 90_000 -> "1m30s", 0 -> "0s", 250 -> "250ms". */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  const sign = ms < 0 ? "-" : "";
  const nanos = Math.round(Math.abs(ms) * 1e6);
  if (nanos < 1e3) return `${sign}${nanos}ns`;
  if (nanos < 1e6) return `${sign}${nanos / 1e3}µs`;
  if (nanos < 1e9) return `${sign}${nanos / 1e6}ms`;
  const hours = Math.floor(nanos / 3.6e12);
  const minutes = Math.floor((nanos % 3.6e12) / 6e10);
  const seconds = (nanos % 6e10) / 1e9;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  if (minutes > 0) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${seconds}s`;
}

/** What Go says about a text that is no duration: it reads number and unit, number and unit, and names the first thing that is neither. */
export function durationProblem(text: string): string {
  let rest = text.replace(/^[+-]/, "");
  while (rest !== "") {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) break;
    rest = rest.slice(number.length);
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? "";
    if (unit === "") return `time: missing unit in duration "${text}"`;
    if (!Object.hasOwn(unitMs, unit)) return `time: unknown unit "${unit}" in duration "${text}"`;
    rest = rest.slice(unit.length);
  }
  return `time: invalid duration "${text}"`;
}
