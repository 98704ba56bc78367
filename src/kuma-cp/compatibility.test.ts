import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { defaultsOf } from "./compatibility.ts";
import { loadConfig } from "./config/load.ts";

const hours = (ms: number) => ms / 3_600_000;
const defaults = (env: Readonly<Record<string, string>> = {}) => defaultsOf(loadConfig({ env }));
const kuma = { KUMA_COMPATIBILITY: "kuma" };

test("a token lives a year unless somebody says otherwise; ten years as in Kuma", () => {
  expect(hours(defaults().tokenLifeMs)).toBe(8760);
  expect(hours(defaults(kuma).tokenLifeMs)).toBe(87_600);
});

test("tokens are capped; not in Kuma, unless the cap is set", () => {
  expect(hours(defaults().maxTokenLifeMs)).toBe(87_840);
  expect(hours(defaults(kuma).maxTokenLifeMs)).toBeGreaterThan(1_000_000);
  expect(hours(defaults({ ...kuma, KUMA_TOKENS_MAX_VALID_FOR: "100h" }).maxTokenLifeMs)).toBe(100);
  expect(hours(defaults({ KUMA_TOKENS_MAX_VALID_FOR: "100h" }).tokenLifeMs)).toBe(100);
});

test("the bootstrap admin token lives 720 hours; ten years as in Kuma", () => {
  expect(hours(defaults().adminTokenLifeMs)).toBe(720);
  expect(hours(defaults(kuma).adminTokenLifeMs)).toBe(87_600);
});

test("tokens without an end are refused; accepted as in Kuma, or by their own setting", () => {
  expect(defaults().acceptsTokensWithoutExpiry).toBe(false);
  expect(defaults(kuma).acceptsTokensWithoutExpiry).toBe(true);
  expect(defaults({ KUMA_TOKENS_ALLOW_WITHOUT_EXPIRY: "true" }).acceptsTokensWithoutExpiry).toBe(true);
  expect(defaults({ ...kuma, KUMA_TOKENS_ALLOW_WITHOUT_EXPIRY: "false" }).acceptsTokensWithoutExpiry).toBe(false);
});

test("the store is on disk; in memory as in Kuma, unless it is set", () => {
  expect(defaults().storeType).toBe("sqlite");
  expect(defaults(kuma).storeType).toBe("memory");
  expect(defaults({ ...kuma, KUMA_STORE_TYPE: "sqlite" }).storeType).toBe("sqlite");
});

test("each default that the switch changes is marked in docs/compatibility.md", () => {
  const marked = readFileSync(new URL("../../docs/compatibility.md", import.meta.url), "utf8").split("\n").filter((line) => line.endsWith("| yes |"));
  expect(marked).toHaveLength(Object.keys(defaults()).length);
});
