// Entry of the program kuma-dp.
import { main } from "./main.ts";

// Whoever read the log has gone: its lines are lost, Envoy is not.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

process.exitCode = await main(process.argv.slice(2), process.env);
process.exit();
