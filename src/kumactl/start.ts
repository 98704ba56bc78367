// Entry of the program kumactl.
import { writeSync } from "node:fs";
import { main } from "./main.ts";

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

// No `await` at the top: CommonJS, which the bundle is, knows none.
void main(process.argv.slice(2), { env: process.env, now: Date.now, out: (it) => write(1, it), err: (it) => write(2, it), stdin: readStdin }).then((code) => {
  process.exitCode = code;
});
