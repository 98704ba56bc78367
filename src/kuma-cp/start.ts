// Entry of the program kuma-cp.
import { enableCompileCache } from "node:module";
import { makeThreadEarly } from "#store/thread";
import { bundledWorker } from "./bundled-worker.ts";

// Whoever read the log has gone: its lines are lost, and the program goes on.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

// What nobody expected is a defect of ours; it is logged, and the process lives: it serves a thousand proxies.
process.on("uncaughtException", (error) => process.stderr.write(`unexpected: ${error.stack ?? error.message}\n`));
process.on("unhandledRejection", (error) => process.stderr.write(`unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`));

// Compiled code is kept beside the bundle, in the installation's own folder: the second start is faster.
if (import.meta.url.endsWith(".js")) enableCompileCache(new URL("./.compiled", import.meta.url).pathname);
const worker = bundledWorker(import.meta.url);
const hasFileStore = (process.env["KUMA_STORE_TYPE"] ?? "sqlite") === "sqlite";
if (worker && hasFileStore && process.argv.includes("run")) makeThreadEarly(worker);
const { main } = await import("./main.ts");

process.exitCode = await main(process.argv.slice(2), process.env);
process.exit();
