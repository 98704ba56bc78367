// Envoy as a child: started with the reference's arguments, its log lines in ours, stopped gently and then for good.
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Log, LogLevel, Platform } from "#platform";

export interface EnvoyOptions {
  readonly path: string;
  readonly configPath: string;
  readonly drainSeconds: number;
  readonly logLevel: string;
  readonly componentLogLevel: string;
  readonly concurrency: number;
  readonly platform: Platform;
}

export interface RunningEnvoy {
  readonly pid: number;
  /** Resolves with a sentence when Envoy ended. */
  readonly ended: Promise<string>;
  /** SIGTERM, and SIGKILL after 5 s. */
  stop(): Promise<void>;
}

export function startEnvoy(options: EnvoyOptions): RunningEnvoy {
  const { platform } = options;
  const log = platform.log.child("envoy");
  const args = [
    "--config-path", options.configPath, "--drain-time-s", String(options.drainSeconds), "--drain-strategy", "immediate", "--disable-hot-restart",
    "--log-level", options.logLevel,
    ...(options.componentLogLevel ? ["--component-log-level", options.componentLogLevel] : []),
    ...(options.concurrency > 0 ? ["--concurrency", String(options.concurrency)] : ["--cpuset-threads"]),
  ];
  log.info("starting Envoy", { path: options.path, arguments: args });
  // Its own process group: a Ctrl-C at the terminal reaches us alone, and we drain before Envoy ends.
  const child = spawn(options.path, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  forwardLines(child, log);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`could not start Envoy: ${error.message}`));
    child.once("exit", (code, signal) => resolve(signal ? `Envoy was ended by ${signal}` : `Envoy ended with exit code ${code}`));
  });
  return {
    pid: child.pid ?? 0,
    ended,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const cancel = platform.clock.after(5000, () => child.kill("SIGKILL"));
      await ended;
      cancel();
    },
  };
}

const levels: Readonly<Record<string, Exclude<LogLevel, "off">>> = { trace: "debug", debug: "debug", info: "info", warning: "warn", warn: "warn", error: "error", critical: "error" };

/** `[time][thread][level][component] [source] text` */
const line = /^\[[^\]]*\]\[\d+\]\[(\w+)\]\[([^\]]*)\]\s*(?:\[[^\]]*\]\s*)?(.*)$/;

function forwardLines(child: ChildProcess, log: Log): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on("line", (text) => {
      const [, level = "info", component = "", message = text] = line.exec(text) ?? [];
      log[levels[level] ?? "info"](message, component ? { component } : undefined);
    });
  }
}
