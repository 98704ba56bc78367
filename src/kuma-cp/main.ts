// The program kuma-cp: its commands, its signals, its exit codes.
import { readFile } from "node:fs/promises";
import { Counter, Registry } from "prom-client";
import { createLog, systemClock, systemRandom, type LogLevel, type LogLevels, type Platform } from "#platform";
import { ignoredLogFlags, runCommandLine, type FlagValues } from "#platform/command-line";
import { badRequest } from "#resources";
import { controlPlaneCommands } from "./commands.ts";
import { loadConfig } from "./config/load.ts";
import { startControlPlane, version } from "./control-plane.ts";
import { describeProcess } from "./process-metrics.ts";

/** Returns the exit code. */
export async function main(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const out = (text: string) => void process.stdout.write(text);
  const commands = controlPlaneCommands({
    out, version,
    run: (flags) => run(flags, env),
    migrate: () => {
      throw badRequest("only the Postgres store needs migrations, and it is not available in this version yet");
    },
  });
  return runCommandLine(commands, argv, { out, err: (text) => void process.stderr.write(text) });
}

async function run(flags: FlagValues, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const [level, configFile] = [flags.text("log-level"), flags.text("config-file")];
  const levels: LogLevels = { root: (level === "off" || level === "debug" ? level : "info") as LogLevel, byName: new Map() };
  const metrics = new Registry();
  describeProcess(metrics);
  const lines = new Counter({ name: "kuma_cp_log_lines_total", help: "Lines of the control plane's log", labelNames: ["level", "logger"], registers: [metrics] });
  const write = (line: string, lineLevel: LogLevel, logger: string) => {
    lines.inc({ level: lineLevel, logger });
    process.stderr.write(line);
  };
  const platform: Platform = { clock: systemClock, random: systemRandom, metrics, log: createLog(write, () => systemClock.now(), levels) };
  for (const setting of ignoredLogFlags(flags)) platform.log.warn("accepted, but without effect in this version", { setting });
  const file = configFile === "" ? undefined : { path: configFile, text: await readConfig(configFile) };
  const config = loadConfig({ env, ...(file ? { file } : {}) });
  const controlPlane = await startControlPlane({ config, platform, levels, home: env.HOME, environment: env });
  await new Promise<void>((resolve) => {
    let count = 0;
    const onSignal = () => {
      if (++count > 1) process.exit(1);
      resolve();
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
  platform.log.info("stopping");
  await controlPlane.stop();
}

async function readConfig(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw badRequest(`unable to access configuration file '${path}', please check if the file exists and has the correct permissions (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`);
  }
}
