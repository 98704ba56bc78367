// The import law is alive: planted violations are found, and the linter really looks at our files.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const root = new URL("../../..", import.meta.url).pathname;
const oxlint = join(root, "node_modules", ".bin", "oxlint");

function lintPlanted(path: string, source: string): string {
  const folder = temporaryFolder("layers");
  cpSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  cpSync(join(root, "tsconfig.json"), join(folder, "tsconfig.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), source);
  return spawnSync(process.execPath, [oxlint, "--format=unix"], { cwd: folder, encoding: "utf8" }).stdout;
}

const violations: readonly (readonly [title: string, path: string, source: string, message: string])[] = [
  ["the engine may not know the store", "src/mesh/bad.ts", 'import { memoryStore } from "#store";\nexport const it = memoryStore;\n', "no-restricted-imports"],
  ["a policy may not know another edge", "src/policies/mesh-x/apply.ts", 'import { xdsServer } from "#xds";\nexport const it = xdsServer;\n', "no-restricted-imports"],
  ["edges never import each other", "src/xds/bad.ts", 'import { createApi } from "#api";\nexport const it = createApi;\n', "no-restricted-imports"],
  ["another folder is entered by its front only", "src/api/bad.ts", 'import { x } from "../store/store.ts";\nexport const it = x;\n', "no-restricted-imports"],
  ["only security opens sockets", "src/api/bad.ts", 'import { createServer } from "node:net";\nexport const it = createServer;\n', "no-restricted-imports"],
  ["only security uses private keys", "src/kuma-cp/bad.ts", 'import { createPrivateKey } from "node:crypto";\nexport const it = createPrivateKey;\n', "no-restricted-imports"],
  ["timers belong to the platform", "src/mesh/bad.ts", "export const it = () => setTimeout(() => {}, 1);\n", "no-restricted-globals"],
  ["nothing reaches the network by fetch", "src/kumactl/bad.ts", 'export const it = () => fetch("http://localhost");\n', "no-restricted-globals"],
];

for (const [title, path, source, message] of violations) {
  test(`${title}: a planted violation is found`, () => {
    expect(lintPlanted(path, source)).toContain(message);
  });
}

test("a file that keeps the law passes", () => {
  expect(lintPlanted("src/mesh/good.ts", 'import type { Resource } from "#resources";\nexport type It = Resource;\n')).not.toContain("no-restricted");
});

test("the linter sees every source file", () => {
  const ours = execFileSync("git", ["ls-files", "src/*.ts"], { cwd: root, encoding: "utf8" }).trim().split("\n").length;
  const output = spawnSync(process.execPath, [oxlint, "src"], { cwd: root, encoding: "utf8" }).stdout;
  expect(Number(/on (\d+) files/.exec(output)?.[1])).toBeGreaterThanOrEqual(ours);
});
