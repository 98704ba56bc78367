// Carries out a command line, in the order and with the refusals that scripts know from Kuma's tools.
import { reasonOf } from "../reason.ts";
import { inheritedFlags, ownFlags, type CommandSpec, type Place } from "./command.ts";
import { findCommand, firstArgument } from "./find.ts";
import { flagValues, UsageError, type Flag } from "./flags.ts";
import { helpText, usageText } from "./help.ts";
import { parseWords } from "./parse.ts";
import { suggestions } from "./suggest.ts";

export interface Outputs {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Runs the command line (without program and script); the exit code. */
export async function runCommandLine(root: CommandSpec, argv: readonly string[], outputs: Outputs): Promise<number> {
  try {
    const whole = withHelp(root, outputs);
    if (argv[0]?.startsWith("__complete")) {
      await printCompletion(whole, argv, outputs);
      return 0;
    }
    const { place, words } = await findCommand(whole, argv);
    const unknown = unknownCommand(place, words);
    if (unknown !== undefined) {
      outputs.err(`Error: ${unknown}\nRun '${place.path} --help' for usage.\n`);
      return 1;
    }
    return await runAt(place, words, outputs);
  } catch (error) {
    outputs.err(`Error: ${reasonOf(error)}\n`);
    return 1;
  }
}

const directives = { ShellCompDirectiveDefault: 0, ShellCompDirectiveNoFileComp: 4 };

async function printCompletion(root: CommandSpec, [form, ...words]: readonly string[], { out, err }: Outputs): Promise<void> {
  const { complete } = await import("./complete.ts");
  const { lines, directive } = await complete(root, words);
  out([...lines.map((line) => (form === "__completeNoDesc" ? line.split("\t", 1)[0] : line)), `:${directives[directive]}`].map((line) => `${line}\n`).join(""));
  err(`Completion ended with directive: ${directive}\n`);
}

async function runAt(place: Place, words: readonly string[], outputs: Outputs): Promise<number> {
  const { spec, path, above } = place;
  try {
    const known: readonly Flag[] = [...inheritedFlags(place), ...ownFlags(place)];
    const { given, args, notices } = parseWords(words, known);
    for (const notice of notices) outputs.err(`${notice}\n`);
    if (given.get("help") === true || !spec.run) {
      outputs.out(helpText(place));
      return 0;
    }
    if (spec.argumentCount === 0 && args[0] !== undefined) throw new UsageError(`unknown command "${args[0]}" for "${path}"`);
    if (spec.argumentCount !== undefined && args.length !== spec.argumentCount) throw new UsageError(`accepts ${spec.argumentCount} arg(s), received ${args.length}`);
    const flags = flagValues(known, given);
    for (const { before } of [...above, spec]) await before?.(flags);
    const missing = known.filter((flag) => flag.required && !given.has(flag.name)).map((flag) => `"${flag.name}"`);
    if (missing.length > 0) throw new Error(`required flag(s) ${missing.toSorted().join(", ")} not set`);
    await spec.run({ flags, args, path });
    return 0;
  } catch (error) {
    outputs.err(`Error: ${reasonOf(error)}\n`);
    if (error instanceof UsageError) outputs.out(`${usageText(place)}\n`);
    return 1;
  }
}

/** Only the program itself minds a word that is no command: groups below it show their help. */
function unknownCommand(place: Place, words: readonly string[]): string | undefined {
  if (place.above.length > 0 || place.spec.run) return undefined;
  const at = firstArgument(words, ownFlags(place));
  return at === undefined ? undefined : `unknown command "${words[at]}" for "${place.path}"${suggestions(words[at] ?? "", place.spec)}`;
}

/** `help x y` is `x y --help`. */
function withHelp(root: CommandSpec, outputs: Outputs): CommandSpec {
  const help: CommandSpec = {
    name: "help",
    argumentNames: "[command]",
    summary: "Help about any command",
    description: `Shows what a command is for and which flags it takes.\nType ${root.name} help [path to command] for all of it.`,
    async run({ args }) {
      const { place, words } = await findCommand(whole, args);
      if (unknownCommand(place, words) === undefined) return outputs.out(helpText(place));
      outputs.out(`Unknown help topic [${args.map((it) => `\`${it}\``).join(" ")}]\n${usageText(place)}`);
    },
  };
  const whole = { ...root, commands: [...(root.commands ?? []), help] };
  return whole;
}
