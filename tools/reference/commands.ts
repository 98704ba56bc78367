// The pages about programs: every command with its flags, from the trees that the programs themselves run.
import { defaultText, loadAll, typeNames, type CommandSpec, type Flag } from "../../src/platform/command-line/index.ts";
import { anchor, code, page, table } from "./markdown.ts";

interface Entry {
  readonly path: string;
  readonly spec: CommandSpec;
}

export async function commandsPage(program: CommandSpec, madeFrom: string): Promise<string> {
  const root = await loadAll(program);
  const entries = entriesOf(root, root.name);
  const leaves = entries.filter(({ spec }) => spec.run !== undefined);
  const contents = table(["command", ""], leaves.map(({ path, spec }) => [`[${path}](#${anchor(path)})`, spec.summary]));
  const shared = root.sharedFlags?.length ? ["## Flags of all commands", flagTable(root.sharedFlags)] : [];
  return page(`${root.name}: commands and flags`, madeFrom, contents, ...shared, ...entries.filter(({ spec }) => spec !== root).flatMap(section));
}

function entriesOf(spec: CommandSpec, path: string): Entry[] {
  const below = (spec.commands ?? []).filter((it) => !it.hidden).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [{ path, spec }, ...below.flatMap((it) => entriesOf(it, `${path} ${it.name}`))];
}

function section({ path, spec }: Entry): string[] {
  const flags = [...(spec.sharedFlags ?? []), ...(spec.flags ?? [])].filter((it) => !it.hidden);
  if (!spec.run) return flags.length > 0 ? [`## ${path}`, `${spec.summary}. Flags of all its commands:`, flagTable(flags)] : [];
  return [
    `## ${path}`,
    `${spec.description ?? spec.summary}.`,
    `\`\`\`\n${path}${spec.argumentNames ? ` ${spec.argumentNames}` : ""}${flags.length > 0 ? " [flags]" : ""}\n\`\`\``,
    ...(spec.aliases?.length ? [`Also: ${spec.aliases.map(code).join(", ")}`] : []),
    ...(flags.length > 0 ? [flagTable(flags)] : []),
    ...(spec.examples ? [`\`\`\`sh\n${spec.examples.replaceAll(/^\$ /gm, "")}\n\`\`\``] : []),
  ];
}

const flagTable = (flags: readonly Flag[]): string =>
  table(["flag", "type", "default", "meaning"], flags.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((flag) => [
    `${flag.short ? `\`-${flag.short}\`, ` : ""}\`--${flag.name}\``, flag.type === "bool" ? "" : (flag.valueName ?? typeNames[flag.type]), code(defaultText(flag).replace(/^ \(default "?(.*?)"?\)$/, "$1")),
    `${flag.help}${flag.required && !flag.help.includes("required") ? " (required)" : ""}${flag.deprecated ? ` (deprecated: ${flag.deprecated})` : ""}`,
  ]));
