// Tests leave nothing behind: neither in this process nor in those that it starts.
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { gatherTemporaryFiles, temporaryFolder } from "../harness/temporary-folder.ts";

test("this file has a temporary folder of its own", () => {
  expect(tmpdir()).toMatch(/\/kg-[^/]+$/);
  expect(dirname(temporaryFolder("x"))).toBe(tmpdir());
});

test("what this process and its children wrote goes at the end, and the old temporary folder counts again", () => {
  const before = tmpdir();
  const remove = gatherTemporaryFiles();
  const gathered = tmpdir();
  writeFileSync(join(temporaryFolder("own"), "file"), "");
  const child = execFileSync(process.execPath, ["-p", "require('fs').mkdtempSync(require('os').tmpdir() + '/child-')"], { encoding: "utf8" }).trim();
  expect([dirname(child), existsSync(child)]).toEqual([gathered, true]);
  remove();
  expect([existsSync(gathered), tmpdir()]).toEqual([false, before]);
});
