// The programs of the demo: started from bin/ as a user starts them, their logs in files, ended by pid.
import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;

export interface Program {
  readonly name: string;
  readonly logFile: string;
  readonly child: ChildProcess;
  /** Resolves with the exit code or signal. */
  readonly ended: Promise<string>;
  end(signal: NodeJS.Signals): Promise<void>;
}

export function startProgram(name: string, args: readonly string[], env: Readonly<Record<string, string>>, folder: string, label = name): Program {
  const logFile = join(folder, `${label}.log`);
  const log = createWriteStream(logFile, { flags: "a" });
  const child = spawn(join(root, "bin", name), args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  // Its last words are in the file when it has ended; who inherited its pipe may keep it open for longer.
  const closed = new Promise<void>((resolve) => child.once("close", () => log.end(resolve)));
  const ended = new Promise<string>((resolve) => child.once("exit", (code, signal) => void Promise.race([closed, new Promise((soon) => setTimeout(soon, 1000))]).then(() => resolve(signal ?? String(code)))));
  return {
    name: label, logFile, child, ended,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), 8000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Ports that nobody has at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
      const server = createServer().once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(server));
    })),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
