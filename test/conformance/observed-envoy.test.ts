// What policies change at Envoy, as it was when it equalled the reference's (but for MeshTLS ciphers without a version at inbounds, docs/compatibility.md). `REWRITE_GOLDENS=1` writes it anew: only after it was seen equal again.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { casesOf, changesOf, folder, observedFiles } from "./observed-envoy.ts";

const rewrites = process.env["REWRITE_GOLDENS"] === "1" && process.env["CI"] === undefined;

describe.each(observedFiles())("%s", (file) => {
  const path = join(folder, `${file}.golden.json`);
  const cases = casesOf(file);
  if (rewrites) {
    const lines = cases.map((it) => `${JSON.stringify(it.case)}: ${linesOf(changesOf(it))}`);
    writeFileSync(path, `{\n${lines.join(",\n")}\n}\n`);
  }
  const golden = JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, unknown>>;
  test.each(cases.map((it) => [it.case, it] as const))("%s", (name, it) => expect(changesOf(it)).toEqual(golden[name]));
  test("every golden has its case", () => expect(Object.keys(golden)).toEqual(cases.map((it) => it.case)));
});

/** One change a line. */
const linesOf = (byProxy: Readonly<Record<string, Readonly<Record<string, unknown>>>>): string =>
  `{\n${Object.entries(byProxy).map(([proxy, its]) => ` ${JSON.stringify(proxy)}: {\n${Object.entries(its).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(",\n")}\n }`).join(",\n")}\n}`;
