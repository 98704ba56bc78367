// Every case of the conformance data for whole Envoy configurations.
import { expect, test } from "vitest";
import { runEnvoyconfig } from "./envoyconfig.ts";

for (const { folder, name, ok, message } of runEnvoyconfig()) {
  test(`${folder} ${name}`, () => {
    expect(ok, message).toBe(true);
  });
}
