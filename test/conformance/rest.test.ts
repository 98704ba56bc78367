// The REST cases of the reference, each a test; skipped, and said so, where the data is not there.
import { describe, expect, test } from "vitest";
import { hasRestCases, restFolder, runRest } from "./rest.ts";

if (!hasRestCases()) console.warn(`REST conformance is SKIPPED: ${restFolder} is not there`);

/** Kinds of the first generation of policies are not served. */
const withoutKind = new Set<string>([]);

describe.skipIf(!hasRestCases())("REST conformance", async () => {
  const results = hasRestCases() ? await runRest() : [];
  for (const { name, ok, message } of results) {
    test.skipIf(withoutKind.has(name))(name, () => expect(ok, message).toBe(true));
  }
});
