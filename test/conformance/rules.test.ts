// Every case of the conformance data for rules.
import { expect, test } from "vitest";
import { runRules } from "./rules.ts";

for (const { folder, name, ok, message } of runRules()) {
  test(`${folder} ${name}`, () => {
    expect(ok, message).toBe(true);
  });
}
