// Entry of the program kumactl.
import { text } from "node:stream/consumers";
import { main } from "./main.ts";

// A reader that goes away early (`kumactl ... | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
});

process.exitCode = await main(process.argv.slice(2), {
  env: process.env,
  now: Date.now,
  out: (it) => void process.stdout.write(it),
  err: (it) => void process.stderr.write(it),
  stdin: () => text(process.stdin),
});
