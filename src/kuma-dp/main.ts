// The program kuma-dp: its commands, its signals, its exit codes.
import { Command, Option } from "commander";
import { Registry } from "prom-client";
import { createLog, sleep, systemClock, systemRandom, type LogLevel, type Platform } from "#platform";
import { failureOf } from "#resources";
import { httpClient } from "#security";
import { acceptedFlags, readSettings, settings, type Setting } from "./config.ts";
import { run, version } from "./run.ts";

/** Returns the exit code. */
export async function main(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const program = new Command("kuma-dp").description("runs Envoy as a data plane proxy of a service mesh").exitOverride().showHelpAfterError(true);
  program.option("--log-level <level>", "off, info or debug", "info");
  for (const [flag, help] of [["log-output-path", "write the log to this file"], ["log-max-retained-files", ""], ["log-max-size", ""], ["log-max-age", ""]] as const) {
    program.addOption(new Option(`--${flag} <value>`, help).hideHelp(help === ""));
  }
  let exitCode = 0;
  addRun(program, env, (code) => (exitCode = code));
  addWait(program);
  program.command("version").description("print the version").option("-a, --detailed", "with details").action((options: { detailed?: boolean }) => {
    process.stdout.write(options.detailed ? `Product:       Kuma\nVersion:       ${version.version}\nGit Tag:       ${version.gitTag}\nGit Commit:    ${version.gitCommit}\nBuild Date:    ${version.buildDate}\nImplementation: Koguma\n` : `Kuma: ${version.version}\n`);
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    const code = (error as { exitCode?: number }).exitCode;
    if (code !== undefined && (error as { code?: string }).code?.startsWith("commander.")) return code;
    process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  return exitCode;
}

function addOption(command: Command, { flag, short, help, env, fallback, isBoolean }: Setting): void {
  if (!flag) return;
  const hints = [env && `env ${env}`, fallback && fallback !== "false" && `default ${fallback}`].filter(Boolean).join(", ");
  command.addOption(new Option(`${short ? `-${short}, ` : ""}--${flag} ${isBoolean ? "[on]" : "<value>"}`, `${help}${hints ? ` (${hints})` : ""}`).preset("true"));
}

function addRun(program: Command, env: Readonly<Record<string, string | undefined>>, setExitCode: (code: number) => void): void {
  const command = program.command("run").description("start a data plane proxy");
  for (const setting of Object.values(settings)) addOption(command, setting);
  for (const setting of acceptedFlags) addOption(command, setting);
  command.option("-v, --dataplane-var <key=value>", "value for a {{ key }} of the Dataplane", (value: string, all: string[]) => [...all, value], []);
  command.action(async (_, its: Command) => {
    const raw = its.opts<Record<string, string | string[]>>();
    const flags = Object.fromEntries(its.options.map((option) => [option.long?.slice(2) ?? "", raw[option.attributeName()]]));
    const logLevel = program.opts<{ logLevel: string }>().logLevel;
    const platform = openPlatform(logLevel);
    for (const setting of acceptedFlags) {
      const isSet = (setting.flag && flags[setting.flag] !== undefined) || (setting.env && env[setting.env] !== undefined);
      if (isSet) platform.log.warn("accepted, but without effect in this version", { setting: setting.flag ? `--${setting.flag}` : setting.env });
    }
    const { stop, stopNow } = stopSignals();
    try {
      await run({
        settings: readSettings(flags as Record<string, string | undefined>, env), dataplaneVars: raw.dataplaneVar as string[], logLevel, env, execPath: process.argv[1] ?? "", platform, stop, stopNow,
        onDrainRequest: (drain) => void process.on("SIGUSR2", drain),
      });
    } catch (error) {
      if (stop.aborted && !failureOf(error)) return;
      process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
      setExitCode(1);
    }
  });
}

function addWait(program: Command): void {
  program
    .command("wait")
    .description("wait until a data plane proxy is ready")
    .option("--url <url>", "readiness endpoint", "http://localhost:9901/ready")
    .option("--unix-socket <path>", "Envoy's admin socket instead")
    .option("--timeout <seconds>", "for all attempts, in seconds", "180s")
    .option("--check-frequency <duration>", "between two attempts", "1s")
    .option("--request-timeout <duration>", "for one attempt", "500ms")
    .action(async (options: { url: string; unixSocket?: string; timeout: string; checkFrequency: string; requestTimeout: string }) => {
      const { parseDuration } = await import("#platform");
      const ms = (text: string) => parseDuration(text) ?? Number(text) * 1000;
      const url = new URL(options.url);
      const client = httpClient({ url: options.unixSocket ? "http://localhost" : url.origin, timeoutMs: ms(options.requestTimeout), ...(options.unixSocket ? { socketPath: options.unixSocket } : {}) });
      const deadline = systemClock.now() + ms(options.timeout);
      setInterval(() => {}, 60_000); // nothing else would keep this program alive between two attempts; the exit ends it
      for (;;) {
        const status = await client.request({ path: options.unixSocket ? "/ready" : url.pathname }).then((it) => it.status, () => 0);
        if (status === 200) return void process.stdout.write("the data plane proxy is ready\n");
        if (systemClock.now() > deadline) throw new Error(`the data plane proxy was not ready within ${options.timeout}`);
        await sleep(systemClock, ms(options.checkFrequency));
      }
    });
}

function openPlatform(level: string): Platform {
  const root: LogLevel = level === "off" || level === "debug" ? level : "info";
  const log = createLog((line) => void process.stderr.write(line), () => systemClock.now(), { root, byName: new Map() }, "kuma-dp.run");
  return { clock: systemClock, random: systemRandom, log, metrics: new Registry() };
}

/** First SIGINT or SIGTERM: drain. Second: at once. Third: out, with code 1. */
function stopSignals(): { readonly stop: AbortSignal; readonly stopNow: AbortSignal } {
  const stop = new AbortController();
  const stopNow = new AbortController();
  let count = 0;
  const onSignal = () => {
    count++;
    if (count === 1) stop.abort();
    if (count === 2) stopNow.abort();
    if (count > 2) process.exit(1);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return { stop: stop.signal, stopNow: stopNow.signal };
}
