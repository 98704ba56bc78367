// The command tree as data, carried out by commander; its refusals in the words that scripts know.
import { Command, CommanderError, Option } from "commander";
import { flagValues, readFlag, UsageError, type Flag, type FlagValue, type FlagValues } from "./flags.ts";
import { helpText, usageText } from "./help.ts";

export interface Call {
  readonly flags: FlagValues;
  readonly args: readonly string[];
  /** `kumactl get meshes`. */
  readonly path: string;
}

export interface CommandSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Behind the name in the usage line. */
  readonly argumentNames?: string;
  readonly summary: string;
  /** Shown instead of the summary in the command's own help. */
  readonly description?: string;
  readonly examples?: string;
  readonly flags?: readonly Flag[];
  /** Flags that every command below has too. */
  readonly sharedFlags?: readonly Flag[];
  /** How many arguments; any number when absent. */
  readonly argumentCount?: number;
  readonly commands?: readonly CommandSpec[];
  readonly hidden?: boolean;
  /** Flags are not checked: the command refuses whatever it is given. */
  readonly takesAnything?: boolean;
  /** Absent for groups: they show their help. */
  readonly run?: (call: Call) => Promise<void> | void;
}

export interface Place {
  readonly spec: CommandSpec;
  readonly path: string;
  /** Of all commands above. */
  readonly inherited: readonly Flag[];
}

export interface Outputs {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Runs before a command's own checks, with the flags that all commands share. */
  readonly before: (flags: FlagValues) => Promise<void> | void;
}

/** Runs the command line (without program and script); the exit code. */
export async function runCommandLine(root: CommandSpec, argv: readonly string[], outputs: Outputs): Promise<number> {
  let current: Place = { spec: root, path: root.name, inherited: [] };
  const reached = (place: Place) => (current = place);
  const program = build({ spec: root, path: root.name, inherited: [] }, new Map(), outputs, reached);
  const words = separate(argv, allFlags(root));
  try {
    await program.parseAsync(words, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.code.startsWith("commander.help")) return 0;
    const complaint = complaintOf(error, words);
    if (complaint) {
      outputs.out(`${usageText(placeOf(root, words) ?? current)}\n`);
      outputs.err(`Error: ${complaint}\n`);
    } else outputs.err(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function build(place: Place, given: Map<string, FlagValue>, outputs: Outputs, reached: (place: Place) => void): Command {
  const { spec, path, inherited } = place;
  const own = [...(spec.sharedFlags ?? []), ...(spec.flags ?? [])];
  const command = new Command(spec.name).exitOverride().allowExcessArguments(true).helpCommand(false).showSuggestionAfterError(false);
  if (spec.takesAnything) command.allowUnknownOption();
  command.configureOutput({ writeOut: outputs.out, writeErr: () => {}, outputError: () => {} });
  command.helpOption("-h, --help").configureHelp({ formatHelp: () => helpText(place) });
  for (const alias of spec.aliases ?? []) command.alias(alias);
  for (const flag of own) command.addOption(optionOf(flag, given));
  for (const below of spec.commands ?? []) {
    const next = { spec: below, path: `${path} ${below.name}`, inherited: [...inherited, ...(spec.sharedFlags ?? [])] };
    command.addCommand(build(next, given, outputs, reached), { hidden: true });
  }
  command.argument("[arguments...]");
  command.action(async () => {
    reached(place);
    const args = command.args;
    const known = [...inherited, ...own];
    if (spec.run === undefined && inherited.length === 0 && args[0] !== undefined) {
      throw new Error(`unknown command "${args[0]}" for "${path}"\nRun '${path} --help' for usage.`);
    }
    if (spec.run === undefined) return outputs.out(helpText(place));
    const { argumentCount } = spec;
    if (argumentCount === 0 && args[0] !== undefined) throw new UsageError(`unknown command "${args[0]}" for "${path}"`);
    if (argumentCount !== undefined && args.length !== argumentCount) throw new UsageError(`accepts ${argumentCount} arg(s), received ${args.length}`);
    const flags = flagValues(known, given);
    await outputs.before(flags);
    const missing = known.filter((flag) => flag.required && !given.has(flag.name)).map((flag) => `"${flag.name}"`);
    if (missing.length > 0) throw new Error(`required flag(s) ${missing.toSorted().join(", ")} not set`);
    await spec.run({ flags, args, path });
  });
  return command;
}

function optionOf(flag: Flag, given: Map<string, FlagValue>): Option {
  const names = `${flag.short ? `-${flag.short}, ` : ""}--${flag.name}`;
  const option = new Option(flag.type === "bool" ? names : `${names} <value>`);
  const take = (text: string) => {
    const value = readFlag(flag, text, given.get(flag.name));
    given.set(flag.name, value);
    return value;
  };
  return flag.type === "bool" ? option.preset("true").argParser(take) : option.argParser(take);
}

function allFlags(spec: CommandSpec): Flag[] {
  return [...(spec.sharedFlags ?? []), ...(spec.flags ?? []), ...(spec.commands ?? []).flatMap(allFlags)];
}

/** `-m=demo` becomes two words, `--flag=true` of a boolean one and `--flag=false` none: commander knows neither form. */
function separate(argv: readonly string[], flags: readonly Flag[]): string[] {
  const end = argv.indexOf("--");
  return argv.flatMap((word, at) => {
    if (end >= 0 && at >= end) return [word];
    const short = /^-([a-zA-Z])=(.*)$/s.exec(word);
    if (short && flags.some((flag) => flag.short === short[1])) return [`-${short[1]}`, short[2] ?? ""];
    const long = /^--([a-z-]+)=(.*)$/s.exec(word);
    const boolean = long && flags.find((flag) => flag.name === long[1] && flag.type === "bool");
    if (!long || !boolean) return [word];
    return readFlag(boolean, long[2] ?? "", undefined) === true ? [`--${boolean.name}`] : [];
  });
}

/** What is wrong with the command line; undefined for errors of another sort. */
function complaintOf(error: unknown, words: readonly string[]): string | undefined {
  if (error instanceof UsageError) return error.message;
  if (!(error instanceof CommanderError)) return undefined;
  const word = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  if (error.code === "commander.unknownOption") {
    return word.startsWith("--") ? `unknown flag: ${word.split("=", 1)[0]}` : `unknown shorthand flag: '${word.charAt(1)}' in ${word}`;
  }
  if (error.code !== "commander.optionMissingArgument") return error.message.replace(/^error: /, "");
  const last = words.at(-1) ?? "";
  return last.startsWith("--") ? `flag needs an argument: ${last}` : `flag needs an argument: '${last.charAt(1)}' in ${last}`;
}

/** The deepest command that the words name. */
export function placeOf(root: CommandSpec, words: readonly string[]): Place | undefined {
  let place: Place = { spec: root, path: root.name, inherited: [] };
  let takesValue = false;
  for (const word of words) {
    if (takesValue || word.startsWith("-")) {
      const known = [...place.inherited, ...(place.spec.sharedFlags ?? []), ...(place.spec.flags ?? [])];
      const flag = known.find((it) => `--${it.name}` === word || `-${it.short}` === word);
      takesValue = !takesValue && flag !== undefined && flag.type !== "bool";
      continue;
    }
    const next = place.spec.commands?.find((it) => it.name === word || it.aliases?.includes(word));
    if (!next) break;
    place = { spec: next, path: `${place.path} ${next.name}`, inherited: [...place.inherited, ...(place.spec.sharedFlags ?? [])] };
  }
  return place;
}
