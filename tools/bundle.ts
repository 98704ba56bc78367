// Bundles the programs into out/: one file to load instead of hundreds makes start-up several times faster. Skipped while nothing changed.
import { spawn } from "node:child_process";
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

// kumactl starts for every command anew, so it is one file of the kind that node starts quickest (CommonJS), where a part is set up only when its
// command runs. What only some commands need (all schemas; the writers of tokens and certificates) is bundled apart: within one build, esbuild would
// set it up together with everything that shares a folder's front with it.
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
      return name ? { path: `./${name}.cjs`, external: true } : undefined;
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

/** Node's modules are loaded when something of them is first used: of TLS alone that is 15 ms, which plain http does not need. */
const lazyNode: Plugin = {
  name: "lazy-node",
  setup(bundle) {
    bundle.onResolve({ filter: /^node:/ }, ({ path, kind }) => (kind === "import-statement" ? { path, namespace: "lazy-node" } : undefined));
    bundle.onLoad({ filter: /.*/, namespace: "lazy-node" }, ({ path }) => {
      const names = Object.keys(process.getBuiltinModule(path) ?? {}).filter((name) => /^\w+$/.test(name));
      return {
        contents: `for (const name of ${JSON.stringify(names.join(" "))}.split(" ")) Object.defineProperty(exports, name, { enumerable: true, get: () => process.getBuiltinModule(${JSON.stringify(path)})[name] });`,
        loader: "js",
      };
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
  const quick: BuildOptions = { ...options, format: "cjs", outExtension: { ".js": ".cjs" }, banner: {}, minifySyntax: true, minifyWhitespace: true };
  await build({ ...quick, entryPoints: { "kumactl-main": kumactl }, plugins: [apart, evaluated, lazyNode] });
  await build({ ...quick, entryPoints: kumactlApart, plugins: [lazyNode] });
  writeFileSync("out/kumactl.cjs", 'require("node:module").enableCompileCache(`${__dirname}/compiled`);\nrequire("./kumactl-main.cjs");\n');
  // Without it, the first command is a little slower, no more.
  await warmUp().catch((error: unknown) => console.error(`kumactl was not warmed up: ${String(error)}`));
  writeFileSync("out/package.json", '{"type":"module"}\n');
  writeFileSync("out/.stamp", stamp);
}

/** Runs the usual commands once: what they compile is kept in out/compiled, for every later start to take from there. */
async function warmUp(): Promise<void> {
  const { createServer } = await import("node:http");
  const server = createServer((_, answer) => void answer.end('{"product":"Kuma","version":"2.14.3","total":1,"items":[{"name":"default"}]}'));
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  const config = resolve("out/warm-up.yaml");
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  writeFileSync(config, JSON.stringify({ controlPlanes: [{ name: "c", coordinates: { apiServer: { url } } }], contexts: [{ name: "c", controlPlane: "c" }], currentContext: "c" }));
  for (const command of ["get meshes", "apply -f - --dry-run"]) {
    await new Promise<void>((ended, failed) => {
      const child = spawn(process.execPath, ["out/kumactl.cjs", ...command.split(" "), "--config-file", config], { stdio: ["pipe", "ignore", "inherit"] });
      child.once("error", failed).once("exit", (code) => (code === 0 ? ended() : failed(new Error(`kumactl ${command} ended with ${code}`))));
      child.stdin.end("type: Mesh\nname: default\n");
    });
  }
  server.close();
  rmSync(config);
}
