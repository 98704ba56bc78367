// Prints how many conformance cases of each folder pass: the suites that exist, one row per folder.
import { runBootstrap } from "./bootstrap.ts";
import type { Outcome } from "./data.ts";
import { runEnvoyconfig } from "./envoyconfig.ts";
import { runMatchers } from "./matchers.ts";
import { hasRestCases, runRest } from "./rest.ts";
import { runRules } from "./rules.ts";
import { gatherTemporaryFiles } from "../harness/temporary-folder.ts";

process.once("exit", gatherTemporaryFiles());

const suites: readonly (() => readonly Outcome[])[] = [runBootstrap, runRules, runMatchers, runEnvoyconfig];
const outcomes = [...suites.flatMap((run) => run()), ...(hasRestCases() ? await runRest() : [])];
const folders = Map.groupBy(outcomes, (outcome) => outcome.folder);
const width = Math.max(6, ...[...folders.keys()].map((folder) => folder.length));
console.log(`${"folder".padEnd(width)}  passed  failed`);
for (const [folder, list] of folders) {
  const passed = list.filter((outcome) => outcome.ok).length;
  console.log(`${folder.padEnd(width)}  ${String(passed).padStart(6)}  ${String(list.length - passed).padStart(6)}`);
}
for (const { folder, name, message } of outcomes.filter((outcome) => !outcome.ok)) console.log(`\n${folder} ${name}\n${process.argv.includes("--verbose") ? message : message.split("\n")[0]?.slice(0, 200)}`);
process.exitCode = outcomes.every((outcome) => outcome.ok) ? 0 : 1;
