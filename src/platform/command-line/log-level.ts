// The flags about logs that kuma-cp and kuma-dp share.
import { UsageError, type Flag, type FlagValues } from "./flags.ts";

const withoutEffect = "accepted, without effect: the log goes to stderr";

export const logFlags: readonly Flag[] = [
  { name: "log-level", type: "string", help: "off, info or debug", fallback: "info" },
  { name: "log-max-age", type: "int", help: withoutEffect, fallback: "30" },
  { name: "log-max-retained-files", type: "int", help: withoutEffect, fallback: "1000" },
  { name: "log-max-size", type: "int", help: withoutEffect, fallback: "100" },
  { name: "log-output-path", type: "string", help: withoutEffect },
];

/** Those that are given although they have no effect, as a user writes them. */
export const ignoredLogFlags = (flags: FlagValues): string[] => logFlags.filter((it) => it.name !== "log-level" && flags.has(it.name)).map((it) => `--${it.name}`);

export function requireLogLevel(flags: FlagValues): void {
  const level = flags.text("log-level");
  if (!["off", "info", "debug"].includes(level)) throw new UsageError(`unknown log level "${level}"`);
}
