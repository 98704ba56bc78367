// Help and usage of a command: sections and columns as users of Kuma's tools expect them.
import { inheritedFlags, ownFlags, type Place } from "./command.ts";
import type { Flag } from "./flags.ts";

export function helpText(place: Place): string {
  const { spec } = place;
  const description = spec.description ?? (/[.!]$/.test(spec.summary) ? spec.summary : `${spec.summary}.`);
  return `${description}\n\n${usageText(place)}`;
}

export function usageText(place: Place): string {
  const { spec, path } = place;
  const inherited = spec.hidesSharedFlags ? [] : inheritedFlags(place);
  const shown = (spec.commands ?? []).filter((it) => !it.hidden).toSorted(byName);
  const own = ownFlags(place);
  const sections = [
    `Usage:${spec.run ? `\n  ${path}${spec.argumentNames ? ` ${spec.argumentNames}` : ""} [flags]` : ""}${shown.length > 0 ? `\n  ${path} [command]` : ""}`,
    ...(spec.aliases?.length ? [`Aliases:\n  ${[spec.name, ...spec.aliases].join(", ")}`] : []),
    ...(spec.examples ? [`Examples:\n${spec.examples}`] : []),
    ...(shown.length > 0 ? [`Available Commands:\n${rows(shown.map((it) => [it.name, it.summary]), 11)}`] : []),
    `Flags:\n${flagRows(own)}`,
    ...(inherited.length > 0 ? [`Global Flags:\n${flagRows(inherited)}`] : []),
    ...(shown.length > 0 ? [`Use "${path} [command] --help" for more information about a command.`] : []),
  ];
  return `${sections.join("\n\n")}\n`;
}

export const typeNames: Readonly<Record<Flag["type"], string>> = {
  string: "string", int: "int", uint: "uint", uint16: "uint16", port: "uint16", ports: "uint16[,...]", bool: "", duration: "duration", strings: "strings", stringArray: "stringArray", map: "stringToString",
};

function flagRows(flags: readonly Flag[]): string {
  const visible = flags.filter((it) => !it.hidden && !it.deprecated).toSorted(byName);
  const left = visible.map((flag) => `${flag.short ? `-${flag.short}, ` : "    "}--${flag.name} ${flag.valueName ?? typeNames[flag.type]}`.trimEnd());
  const width = Math.max(...left.map((it) => it.length)) + 3;
  return visible.map((flag, at) => `  ${(left[at] ?? "").padEnd(width)}${flag.help}${defaultText(flag)}`).join("\n");
}

const meansNothing = new Set(["", "false", "0", "0s"]);

export function defaultText(flag: Flag): string {
  if (flag.fallback === undefined) return flag.type === "map" ? " (default [])" : "";
  if (flag.hidesFallback || meansNothing.has(flag.fallback)) return "";
  return flag.type === "string" ? ` (default "${flag.fallback}")` : flag.type === "strings" ? ` (default [${flag.fallback}])` : ` (default ${flag.fallback})`;
}

function rows(pairs: readonly (readonly [string, string])[], minimum: number): string {
  const width = Math.max(minimum, ...pairs.map(([name]) => name.length)) + 1;
  return pairs.map(([name, text]) => `  ${name.padEnd(width)}${text}`).join("\n");
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);
