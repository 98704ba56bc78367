// docs/reference says what the declarations say; `npm run reference` writes it.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { noteOf } from "../../tools/reference/field-notes.ts";
import { fieldsOf } from "../../tools/reference/fields.ts";
import { referencePages } from "../../tools/reference/pages.ts";
import { documentedKinds } from "../../tools/reference/resources.ts";

let pages: Map<string, string>;
beforeAll(async () => {
  pages = await referencePages();
});

test("no page is missing and none is left over", () => {
  expect(globSync("docs/reference/**/*.md").map((it) => it.replace("docs/reference/", "")).toSorted()).toEqual([...pages.keys()].toSorted());
});

test("every page is up to date: run `npm run reference`", () => {
  expect([...pages].filter(([path, text]) => readFileSync(join("docs/reference", path), "utf8") !== text).map(([path]) => path)).toEqual([]);
});

test("every field of what users write has a meaning", () => {
  const written = documentedKinds.filter((it) => !it.readOnly);
  expect(written.flatMap((kind) => fieldsOf(kind).filter((it) => !noteOf(kind.name, it.path)).map((it) => `${kind.name} ${it.path}`))).toEqual([]);
});

test("every link leads somewhere", () => {
  const links = [...pages].flatMap(([path, text]) => [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, to = ""]) => join("docs/reference", path, "..", to)));
  expect(links.filter((it) => globSync(it).length === 0)).toEqual([]);
});
