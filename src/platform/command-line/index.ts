// Command lines of all programs: commands and flags as data, read, carried out and explained as users of Kuma's tools expect.
export { completionCommand } from "./completion.ts";
export { inheritedFlags, loadAll, ownFlags, type Call, type CommandSpec, type Place } from "./command.ts";
export { flagValues, readBoolean, UsageError, type Flag, type FlagType, type FlagValue, type FlagValues } from "./flags.ts";
export { defaultText, helpText, typeNames, usageText } from "./help.ts";
export { ignoredLogFlags, logFlags, requireLogLevel } from "./log-level.ts";
export { runCommandLine, type Outputs } from "./run.ts";
