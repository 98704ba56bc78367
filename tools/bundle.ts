// Bundles the programs into out/: one file to load instead of hundreds makes start-up several times faster. Skipped while nothing changed.
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const entries = {
  "kuma-cp": "src/kuma-cp/start.ts",
  "kuma-dp": "src/kuma-dp/start.ts",
  kumactl: "src/kumactl/start.ts",
  "sqlite-worker": "src/store/sqlite/worker.ts",
};

const sources = [...globSync("src/**/*.ts").filter((path) => !path.endsWith(".test.ts")), "package-lock.json", "gen/.stamp", "tools/bundle.ts"].toSorted();
const hash = createHash("sha256");
for (const path of sources) hash.update(path).update(readFileSync(path));
const stamp = hash.digest("hex");

if (!existsSync("out/.stamp") || readFileSync("out/.stamp", "utf8") !== stamp) {
  rmSync("out", { recursive: true, force: true });
  mkdirSync("out", { recursive: true });
  await build({
    entryPoints: Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(path))),
    outdir: "out",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    chunkNames: "chunks/[hash]",
    legalComments: "none",
    logLevel: "error",
    // CommonJS dependencies ask for node's own modules by require().
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  });
  writeFileSync("out/package.json", '{"type":"module"}\n');
  writeFileSync("out/.stamp", stamp);
}
