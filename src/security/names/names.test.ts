// The names that workload certificates carry.
import { expect, test } from "vitest";
import { tagUri, spiffeId, workloadUris } from "./index.ts";

test("a workload is named by its services first, then by all its tags, sorted", () => {
  const tags = new Map([["version", new Set(["v1"])], ["kuma.io/service", new Set(["web", "api"])]]);
  expect(workloadUris("default", tags)).toEqual([
    "spiffe://default/api", "spiffe://default/web", "kuma://kuma.io/service/api", "kuma://kuma.io/service/web", "kuma://version/v1",
  ]);
});

test("single names", () => {
  expect([spiffeId("m", "s"), tagUri("a", "b")]).toEqual(["spiffe://m/s", "kuma://a/b"]);
});
