// Writes docs/reference, all of it; what no declaration asks for any more is taken away.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { referencePages } from "./reference/pages.ts";

const pages = await referencePages();
rmSync("docs/reference", { recursive: true, force: true });
for (const [path, text] of pages) {
  const file = join("docs/reference", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
