// Entry of the program kuma-cp.
import { main } from "./main.ts";

// What nobody expected is a defect of ours; it is logged, and the process lives: it serves a thousand proxies.
process.on("uncaughtException", (error) => process.stderr.write(`unexpected: ${error.stack ?? error.message}\n`));
process.on("unhandledRejection", (error) => process.stderr.write(`unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`));

process.exitCode = await main(process.argv.slice(2), process.env);
process.exit();
