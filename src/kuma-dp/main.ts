// The program kuma-dp: its commands, its signals, its exit codes.
import { Registry } from "prom-client";
import { createLog, formatDuration, stayAwake, systemClock, systemRandom, type LogLevel, type Platform } from "#platform";
import { ignoredLogFlags, runCommandLine, type FlagValues } from "#platform/command-line";
import { failureOf } from "#resources";
import { httpClient } from "#security";
import { dataplaneCommands, givenSettings } from "./commands.ts";
import { acceptedFlags, readSettings } from "./config.ts";
import { run, version } from "./run.ts";

/** Returns the exit code. */
export async function main(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const out = (text: string) => void process.stdout.write(text);
  const commands = dataplaneCommands({ out, version, run: (flags) => runProxy(flags, env), wait: waitUntilReady });
  return runCommandLine(commands, argv, { out, err: (text) => void process.stderr.write(text) });
}

async function runProxy(flags: FlagValues, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const logLevel = flags.text("log-level");
  const platform = openPlatform(logLevel);
  const given = givenSettings(flags);
  const ignored = [
    ...ignoredLogFlags(flags),
    ...acceptedFlags.filter((it) => (it.flag && given[it.flag] !== undefined) || (it.env && env[it.env] !== undefined)).map((it) => (it.flag ? `--${it.flag}` : it.env)),
  ];
  for (const setting of ignored) platform.log.warn("accepted, but without effect in this version", { setting });
  const { stop, stopNow } = stopSignals();
  try {
    await run({
      settings: readSettings(given, env), dataplaneVars: [...flags.map("dataplane-var")].map(([name, value]) => `${name}=${value}`), logLevel, env, execPath: process.argv[1] ?? "", platform, stop, stopNow,
      onDrainRequest: (drain) => void process.on("SIGUSR2", drain),
    });
  } catch (error) {
    if (stop.aborted && !failureOf(error)) return;
    throw error;
  }
}

async function waitUntilReady(flags: FlagValues): Promise<void> {
  const [socketPath, url] = [flags.text("unix-socket"), new URL(flags.text("url"))];
  const client = httpClient({ url: socketPath ? "http://localhost" : url.origin, timeoutMs: flags.number("request-timeout"), ...(socketPath ? { socketPath } : {}) });
  const deadline = systemClock.now() + flags.number("timeout");
  const forever = new AbortController().signal;
  for (;;) {
    const status = await client.request({ path: socketPath ? "/ready" : url.pathname }).then((it) => it.status, () => 0);
    if (status === 200) return void process.stdout.write("the data plane proxy is ready\n");
    if (systemClock.now() > deadline) throw new Error(`the data plane proxy was not ready within ${formatDuration(flags.number("timeout"))}`);
    await stayAwake(flags.number("check-frequency"), forever);
  }
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
