// A command as data: its names, its flags, what is below it and what it does.
import type { Flag, FlagValues } from "./flags.ts";

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
  /** The help leaves out the flags of the commands above; they are read all the same. */
  readonly hidesSharedFlags?: boolean;
  /** How many arguments; any number when absent. */
  readonly argumentCount?: number;
  readonly commands?: readonly CommandSpec[];
  readonly hidden?: boolean;
  /** The whole of it, where only what the list of commands shows is here. */
  readonly load?: () => Promise<CommandSpec>;
  /** Runs before this command and all below, once flags are read and arguments counted; those of the commands above run first. */
  readonly before?: (flags: FlagValues) => Promise<void> | void;
  /** Absent for groups: they show their help. */
  readonly run?: (call: Call) => Promise<void> | void;
}

export interface Place {
  readonly spec: CommandSpec;
  readonly path: string;
  /** The commands above, the root first. */
  readonly above: readonly CommandSpec[];
}

/** The flags that a command takes over from those above. */
export const inheritedFlags = ({ above }: Place): readonly Flag[] => above.flatMap((it) => it.sharedFlags ?? []);

export const ownFlags = ({ spec }: Place): readonly Flag[] => [...(spec.sharedFlags ?? []), ...(spec.flags ?? []), helpFlag(spec.name)];

const helpFlag = (name: string): Flag => ({ name: "help", short: "h", type: "bool", help: `help for ${name}` });

/** The command with all that is below it. */
export async function loadAll(spec: CommandSpec): Promise<CommandSpec> {
  const whole = spec.load ? await spec.load() : spec;
  return whole.commands ? { ...whole, commands: await Promise.all(whole.commands.map(loadAll)) } : whole;
}
