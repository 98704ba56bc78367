// The program kuma-cp: its commands, its signals, its exit codes.
import { readFile } from "node:fs/promises";
import { Command, Option } from "commander";
import { Registry, collectDefaultMetrics } from "prom-client";
import { createLog, systemClock, systemRandom, type LogLevel, type LogLevels, type Platform } from "#platform";
import { badRequest } from "#resources";
import { loadConfig } from "./config/load.ts";
import { startControlPlane, version } from "./control-plane.ts";

/** Returns the exit code. */
export async function main(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const program = new Command("kuma-cp").description("the control plane of a service mesh").exitOverride().showHelpAfterError(true);
  program.option("--log-level <level>", "off, info or debug", "info");
  for (const flag of ["log-output-path", "log-max-retained-files", "log-max-size", "log-max-age"]) program.addOption(new Option(`--${flag} <value>`).hideHelp());
  program
    .command("run")
    .description("start the control plane; every setting also has an environment variable (docs/reference/configuration.md)")
    .option("-c, --config-file <path>", "configuration file (YAML)")
    .action((options: { configFile?: string }) => run(options.configFile, program.opts<{ logLevel: string }>().logLevel, env));
  program.command("version").description("print the version").option("-a, --detailed", "with details").action((options: { detailed?: boolean }) => {
    process.stdout.write(options.detailed ? `Product:       Kuma\nVersion:       ${version}\nGit Tag:       v${version}\nImplementation: Koguma\n` : `Kuma: ${version}\n`);
  });
  program.command("migrate").description("prepare a database").argument("<up>").action(() => {
    throw badRequest("only the Postgres store needs migrations, and it is not available in this version yet");
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    const { code, exitCode } = error as { code?: string; exitCode?: number };
    if (code?.startsWith("commander.") && exitCode !== undefined) return exitCode;
    process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function run(configFile: string | undefined, level: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const levels: LogLevels = { root: (level === "off" || level === "debug" ? level : "info") as LogLevel, byName: new Map() };
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const platform: Platform = { clock: systemClock, random: systemRandom, metrics, log: createLog((line) => void process.stderr.write(line), () => systemClock.now(), levels) };
  const file = configFile === undefined ? undefined : { path: configFile, text: await readConfig(configFile) };
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
    throw badRequest(`could not read the configuration file ${path}: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}`);
  }
}
