// npm run bench -- NAME [arguments]: figures with their command. Nothing here is asserted; timings belong to the machine they were taken on.
import { readdirSync } from "node:fs";

const [name, ...args] = process.argv.slice(2);
const names = readdirSync(new URL(".", import.meta.url)).flatMap((file) => /^([a-z-]+)\.bench\.ts$/.exec(file)?.[1] ?? []);
if (!name || !names.includes(name)) {
  console.log(`npm run bench -- NAME\n${names.map((it) => `  ${it}`).join("\n")}`);
  process.exitCode = name ? 1 : 0;
} else {
  const { run } = (await import(`./${name}.bench.ts`)) as { run: (args: readonly string[]) => Promise<void> };
  console.log(`$ npm run bench -- ${[name, ...args].join(" ")}`);
  await run(args);
}
