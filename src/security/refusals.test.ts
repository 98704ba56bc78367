import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { refusals } from "./refusals.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const linked = /\[([^\]]+\.test\.ts)\]\(\.\.\/\.\.\/\1\)(?:: `([^`]+)`)?/g;

/** Sections of the page: code, sentence, rows. */
const sections = read("docs/security/refusals.md").split(/^## /m).slice(1).map((section) => {
  const [code = "", , sentence = ""] = section.split("\n");
  return { code, sentence, rows: section.split("\n").filter((line) => line.includes(".test.ts")) };
});

test("docs/security/refusals.md names every code with its sentence", () => {
  expect(Object.fromEntries(sections.map(({ code, sentence }) => [code, sentence]))).toEqual(refusals);
});

test("each code is provoked by a test, at least 40 causes in all, and each test is there", () => {
  expect(sections.filter(({ rows }) => rows.length === 0).map(({ code }) => code)).toEqual([]);
  const rows = sections.flatMap((it) => it.rows);
  expect(rows.length).toBeGreaterThanOrEqual(40);
  const missing = rows.filter((row) => {
    const [[, path = "", name = ""] = []] = [...row.matchAll(linked)];
    return path === "" || name === "" || !read(path).includes(name);
  });
  expect(missing).toEqual([]);
});

test("each weak spot of docs/security/weak-spots.md names a test that is there", () => {
  const rows = read("docs/security/weak-spots.md").split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| ---") && !/^\| (weak spot|what) \| test \|$/.test(line));
  expect(rows.length).toBeGreaterThan(50);
  const missing = rows.filter((row) => {
    const [[, path = "", name = ""] = []] = [...row.matchAll(linked)];
    return path === "" || name === "" || !read(path).includes(name);
  });
  expect(missing).toEqual([]);
});

test("each threat of docs/security/threat-model.md names tests that are there", () => {
  const threats = read("docs/security/threat-model.md").split("\n").filter((line) => /^\| T\d+ /.test(line));
  expect(threats.length).toBeGreaterThan(20);
  const untested = threats.filter((line) => {
    const tests = [...line.matchAll(linked)];
    return tests.length === 0 || tests.some(([, path = ""]) => read(path) === "");
  });
  expect(untested).toEqual([]);
});
