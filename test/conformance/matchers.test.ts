// Every case of the conformance data for matchers.
import { expect, test } from "vitest";
import { runMatchers } from "./matchers.ts";

for (const { folder, name, ok, message } of runMatchers()) {
  test(`${folder} ${name}`, () => {
    expect(ok, message).toBe(true);
  });
}
