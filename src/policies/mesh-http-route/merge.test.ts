import { expect, test } from "vitest";
import { mergeHttpRoutes } from "./merge.ts";

const rule = (value: string, backend: string) => ({ matches: [{ path: { value, type: "Exact" as const } }], default: { backendRefs: [{ kind: "MeshService" as const, name: backend, weight: 1 }] } });
const read = (confs: readonly unknown[]) =>
  mergeHttpRoutes(confs).map((conf) => [conf.hostnames?.[0] ?? "*", ...conf.rules.map((it) => `${it.matches[0]?.path?.value} ${it.default.backendRefs?.[0]?.name}`)]);

test("rules of the winning route come first and take over equal matches", () => {
  const a = { rules: [rule("/1", "a1"), rule("/2", "a2"), rule("/3", "a3"), rule("/1", "a4")] };
  const b = { rules: [rule("/4", "b4"), rule("/2", "b2"), rule("/5", "b5")] };
  const c = { rules: [rule("/6", "c6"), rule("/4", "c7")] };
  expect(read([a, b, c])).toEqual([["*", "/6 c6", "/4 c7", "/2 b2", "/5 b5", "/1 a1", "/3 a3"]]);
});

test("each hostname gets its own conf", () => {
  expect(read([{ hostnames: ["x", "y"], rules: [rule("/1", "a")] }, { hostnames: ["y"], rules: [rule("/2", "b")] }, { rules: [rule("/3", "c")] }])).toEqual([
    ["x", "/1 a"],
    ["y", "/2 b", "/1 a"],
    ["*", "/3 c"],
  ]);
});
