// npm run bench -- NAME [arguments]: figures with their command. Nothing here is asserted; timings belong to the machine they were taken on.
import { readdirSync } from "node:fs";
import { gatherTemporaryFiles } from "../test/harness/temporary-folder.ts";

const [name, ...args] = process.argv.slice(2);
const names = readdirSync(new URL(".", import.meta.url)).flatMap((file) => /^([a-z-]+)\.bench\.ts$/.exec(file)?.[1] ?? []);
if (!name || !names.includes(name)) {
  console.log(`npm run bench -- NAME\n${names.map((it) => `  ${it}`).join("\n")}`);
  process.exitCode = name ? 1 : 0;
} else {
  const { run } = (await import(`./${name}.bench.ts`)) as { run: (args: readonly string[]) => Promise<void> };
  console.log(`$ npm run bench -- ${[name, ...args].join(" ")}`);
  const remove = gatherTemporaryFiles();
  // An interrupted benchmark leaves nothing behind either.
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143)).once("exit", remove);
  await run(args);
}
