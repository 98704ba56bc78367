// Temporary folders of tests and benchmarks: what one of them makes, and its child processes, lies in one folder that goes when it ends.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** From here on everything temporary of this process and its children lies in one new folder; the answer removes it. */
export function gatherTemporaryFiles(): () => void {
  const outer = process.env["TMPDIR"];
  // Short: paths of UNIX sockets below it have 107 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), "kg-"));
  process.env["TMPDIR"] = folder;
  return () => {
    if (outer === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = outer;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}

/** A new folder that needs no removal. */
export const temporaryFolder = (name: string): string => mkdtempSync(join(tmpdir(), `${name}-`));
