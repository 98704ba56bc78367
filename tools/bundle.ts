// Bundles the programs into out/: one file to load instead of hundreds makes start-up several times faster. Skipped while nothing changed.
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type BuildOptions, type Plugin } from "esbuild";

const entries = {
  "kuma-cp": "src/kuma-cp/start.ts",
  "kuma-dp": "src/kuma-dp/start.ts",
  "sqlite-worker": "src/store/sqlite/worker.ts",
};

// kumactl starts for every command anew. What only some commands need (all schemas; the writers of tokens and certificates) is bundled apart:
// within one build, esbuild would load it together with everything that shares a folder's front with it.
const kumactl = "src/kumactl/start.ts";
const kumactlApart: Record<string, string> = { "kumactl-check": "src/kumactl/documents/check.ts", "kumactl-keys": "src/kumactl/generate/keys.ts" };
/** A module whose values are worked out now and written into the bundle as data. */
const asData = "src/kumactl/kind-names.ts";

const apart: Plugin = {
  name: "apart",
  setup(bundle) {
    const names = new Map(Object.entries(kumactlApart).map(([name, path]) => [resolve(path), name]));
    bundle.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, kind }) => {
      const name = kind === "dynamic-import" ? names.get(join(resolveDir, path)) : undefined;
      // Whoever imports it on demand is a chunk, one folder below.
      return name ? { path: `../${name}.js`, external: true } : undefined;
    });
  },
};

const evaluated: Plugin = {
  name: "evaluated",
  setup(bundle) {
    bundle.onLoad({ filter: /kind-names\.ts$/ }, async ({ path }) => {
      if (path !== resolve(asData)) return undefined;
      const values: object = await import(pathToFileURL(path).href);
      return { contents: Object.entries(values).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`).join("\n"), loader: "js" };
    });
  },
};

/** `import ... from "node:http"` reads all its exports, and one of them loads the whole of fetch: 20 ms that nobody needs. */
const quickHttp: Plugin = {
  name: "quick-http",
  setup(bundle) {
    bundle.onResolve({ filter: /^node:http$/ }, ({ kind }) => (kind === "import-statement" ? { path: "node:http", namespace: "quick-http" } : undefined));
    bundle.onLoad({ filter: /.*/, namespace: "quick-http" }, () => ({ contents: 'module.exports = process.getBuiltinModule("node:http");', loader: "js" }));
  },
};

const sources = [...globSync("src/**/*.ts").filter((path) => !path.endsWith(".test.ts")), "package-lock.json", "gen/.stamp", "tools/bundle.ts"].toSorted();
const hash = createHash("sha256");
for (const path of sources) hash.update(path).update(readFileSync(path));
const stamp = hash.digest("hex");

if (!existsSync("out/.stamp") || readFileSync("out/.stamp", "utf8") !== stamp) {
  rmSync("out", { recursive: true, force: true });
  mkdirSync("out", { recursive: true });
  const options: BuildOptions = {
    outdir: "out",
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24",
    legalComments: "none",
    logLevel: "error",
    // CommonJS dependencies ask for node's own modules by require().
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  };
  const present = (paths: Record<string, string>) => Object.fromEntries(Object.entries(paths).filter(([, path]) => existsSync(path)));
  await build({ ...options, entryPoints: present(entries), splitting: true, chunkNames: "chunks/[hash]", plugins: [quickHttp] });
  await build({ ...options, entryPoints: { kumactl }, splitting: true, chunkNames: "chunks/kumactl-[hash]", plugins: [apart, evaluated, quickHttp] });
  await build({ ...options, entryPoints: kumactlApart });
  writeFileSync("out/package.json", '{"type":"module"}\n');
  writeFileSync("out/.stamp", stamp);
}
