// Entry of the program kumactl.
import { fstatSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { stayAwake } from "#platform";
import { main } from "./main.ts";
import { wantsColour } from "./output/screen.ts";
import type { World } from "./program.ts";

/** Written at once: node's own streams take longer to set up than most commands run. */
function write(to: 1 | 2, text: string): void {
  let rest: Buffer = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(to, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A reader that goes away early (`kumactl ... | head`) is no failure.
      if (code === "EPIPE") process.exit(0);
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

async function readStdin(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(Buffer.from(part as Uint8Array));
  return Buffer.concat(parts).toString("utf8");
}

function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

/** Asked in two steps, for the second loads much of node. */
function isTerminal(descriptor: 1 | 2): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice() && isatty(descriptor);
  } catch {
    return false;
  }
}

const world: World = {
  env: process.env,
  now: Date.now,
  out: (it) => write(1, it),
  err: (it) => write(2, it),
  stdin: readStdin,
  ...(isTerminal(1) ? { screen: { get columns() { return process.stdout.columns; }, hasColour: wantsColour(process.env) } } : {}),
  ...(isTerminal(2) ? { progress: (it: string) => write(2, `\r\u001b[K${it}`) } : {}),
  interrupted,
  pause: stayAwake,
};

// No `await` at the top: CommonJS, which the bundle is, knows none.
void main(process.argv.slice(2), world).then((code) => {
  process.exitCode = code;
});
