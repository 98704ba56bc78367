// Runs all tests and closes with one line: N passed, N failed, N skipped. With --require-peers a skip for want of a peer is a failure.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Assertion {
  readonly fullName: string;
  readonly status: "passed" | "failed" | "skipped" | "pending" | "todo" | "disabled";
}

const args = process.argv.slice(2);
const requiresPeers = args.includes("--require-peers");
const folder = mkdtempSync(join(tmpdir(), "koguma-test-"));
const report = join(folder, "report.json");
const vitest = join("node_modules", "vitest", "vitest.mjs");
const run = spawnSync(process.execPath, [vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args.filter((it) => it !== "--require-peers")], {
  stdio: "inherit",
  env: { ...process.env, NO_COLOR: "1" },
});

let passed = 0;
let failed = 0;
const skipped: string[] = [];
try {
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as { testResults: readonly { readonly name: string; readonly status: string; readonly assertionResults: readonly Assertion[] }[] };
  for (const file of testResults) {
    // A file that does not even load has no assertions, and is a failure all the same.
    if (file.status === "failed" && file.assertionResults.length === 0) failed++;
    for (const { status, fullName } of file.assertionResults) {
      if (status === "passed") passed++;
      else if (status === "failed") failed++;
      else skipped.push(fullName);
    }
  }
} catch {
  failed++;
  console.log("the test runner left no report");
}
rmSync(folder, { recursive: true, force: true });
if (run.status !== 0 && failed === 0) {
  failed++;
  console.log(`the test runner ended with code ${run.status ?? run.signal} although no test failed`);
}
for (const name of skipped) console.log(`skipped: ${name}`);
// Tests that wait for a program say "(needs Envoy)" and the like; others are skipped because their subject is not built yet.
const forWantOfPeers = skipped.filter((name) => name.includes("(needs "));
if (requiresPeers && forWantOfPeers.length > 0) {
  console.log(`every peer is installed here, so these ${forWantOfPeers.length} may not be skipped:\n  ${forWantOfPeers.join("\n  ")}`);
  failed += forWantOfPeers.length;
}
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
