// Commands of kumactl, one after the other, by the table beside: stdout, stderr and exit code, to the letter.
import { readFileSync } from "node:fs";
import { load } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { startTestControlPlane, type TestControlPlane } from "../../harness/control-plane.ts";
import { kumactlFor, type Ended, type Kumactl } from "../../harness/kumactl.ts";

const text = z.string().default("");
const table = z.array(z.strictObject({ run: z.string(), stdin: text, code: z.number().default(0), out: text, err: text }));
const cases = table.parse(load(readFileSync(new URL("commands.yaml", import.meta.url), "utf8")));

let controlPlane: TestControlPlane;
let kumactl: Kumactl;
beforeAll(async () => {
  controlPlane = await startTestControlPlane();
  kumactl = await kumactlFor(controlPlane.api);
});
afterAll(() => controlPlane.stop());

/** What differs from run to run has a name. */
function named(printed: string): string {
  return printed
    .replaceAll(controlPlane.api, "<url>")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "<time>")
    .replaceAll(/\b\d+[smh]$/gm, "<age>");
}

test.each(cases.map((it, at) => [`${at + 1}: kumactl ${it.run}`, it] as const))("%s", async (_, { run, stdin, code, out, err }) => {
  const ended = await kumactl.run(run, stdin);
  const wanted = (pattern: string): unknown => (pattern.startsWith("~") ? expect.stringMatching(new RegExp(pattern.slice(1))) : pattern);
  const seen: Ended = { code: ended.code, out: named(ended.out), err: named(ended.err) };
  expect(seen).toEqual({ code, out: wanted(out), err: wanted(err) });
});
